using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Kernel.Output;
using Madtp.Kit.Kernel.Wire;

namespace Madtp.Kit.Kernel;

/// <summary>The control channel: what must be heard while a cell runs.</summary>
internal sealed class ControlRequests(MessageSocket socket, Publisher publisher, CellRunner runner, Action<string> log)
    : Requests(socket, publisher, log)
{
    protected override Action<Message>? Handler(string type) => type switch
    {
        "kernel_info_request" => request => Reply(request, KernelInfo.Reply()),
        "interrupt_request" => request =>
        {
            runner.Interrupt();
            Reply(request, new JsonObject { ["status"] = "ok" });
        },
        "shutdown_request" => Shutdown,
        _ => null,
    };
}
