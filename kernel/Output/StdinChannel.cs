using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Kernel.Wire;

namespace Madtp.Kit.Kernel.Output;

/// <summary>Asks the front end for a line of text.</summary>
internal sealed class StdinChannel(MessageSocket socket) : IDisposable
{
    private readonly Lock oneAtATime = new();

    /// <summary>Waits for the answer, until the cell is interrupted.</summary>
    /// <exception cref="InvalidOperationException">The front end cannot be asked.</exception>
    public string Ask(CellContext cell, string prompt, bool hidden)
    {
        if (!cell.AllowInput)
        {
            throw new InvalidOperationException(
                "this front end cannot answer questions (allow_stdin is false), so a cell cannot read input here");
        }

        lock (oneAtATime)
        {
            Discard();
            var id = socket.Send(
                cell.Request.Identities, "input_request", cell.Request.RawHeader,
                new JsonObject { ["prompt"] = prompt, ["password"] = hidden });
            while (true)
            {
                cell.ThrowIfInterrupted();
                if (socket.Receive() is { Type: "input_reply" } reply && Answers(reply, id))
                    return reply.ContentText("value");
            }
        }
    }

    /// <summary>Closes the channel, unless a cell is still using it.</summary>
    public void Dispose()
    {
        if (oneAtATime.TryEnter(TimeSpan.FromMilliseconds(200)))
        {
            socket.Dispose();
            oneAtATime.Exit();
        }
    }

    // A reply to a question that was interrupted must not answer this one.
    private void Discard()
    {
        bool came;
        do
        {
            socket.Receive(wait: false, out came);
        }
        while (came);
    }

    // Many front ends leave the parent out, or name the cell; only an answer to another question is refused.
    private static bool Answers(Message reply, string id) =>
        Text(reply.ParentHeader, "msg_type") != "input_request" || Text(reply.ParentHeader, "msg_id") == id;

    private static string? Text(JsonObject json, string name) =>
        json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
