using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Kernel.Formatting;
using Madtp.Kit.Kernel.Interactive;
using Madtp.Kit.Kernel.Wire;

namespace Madtp.Kit.Kernel.Output;

/// <summary>Carries what cells display and ask to the front end.</summary>
internal sealed class KernelNotebook(Publisher publisher, StdinChannel stdin) : INotebook
{
    public CancellationToken Token => CellContext.Current?.Token ?? CancellationToken.None;

    public void Show(MimeBundle bundle, string displayId) => Send("display_data", bundle, displayId);

    public void Update(MimeBundle bundle, string displayId) => Send("update_display_data", bundle, displayId);

    public string Ask(string prompt, bool hidden)
    {
        var cell = CellContext.Current ?? throw new InvalidOperationException("input can be asked for only while a cell runs");
        publisher.Flush(all: true);
        return stdin.Ask(cell, prompt, hidden);
    }

    private void Send(string type, MimeBundle bundle, string displayId)
    {
        var cell = CellContext.Current;
        cell?.ThrowIfInterrupted();
        if (cell is { Silent: true })
        {
            return;
        }

        publisher.Publish(type, cell?.Request.RawHeader ?? Message.NoParent, new JsonObject
        {
            ["data"] = bundle.ToJson(),
            ["metadata"] = new JsonObject(),
            ["transient"] = new JsonObject { ["display_id"] = displayId },
        });
    }
}
