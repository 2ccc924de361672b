using System.Text;
using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Kernel.Wire;

namespace Madtp.Kit.Kernel.Output;

/// <summary>Everything the kernel broadcasts, in order: printed text leaves before whatever follows it.</summary>
internal sealed class Publisher(MessageSocket socket) : IDisposable
{
    private readonly StreamBuffer streams = new();
    private readonly Lock order = new();

    /// <summary>Broadcasts a message caused by another.</summary>
    public void Publish(string type, byte[] parent, JsonObject content, JsonObject? metadata = null)
    {
        lock (order)
        {
            Flush(all: true);
            Send(type, parent, content, metadata);
        }
    }

    public void Status(string state, byte[] parent) => Publish("status", parent, new JsonObject { ["execution_state"] = state });

    /// <summary>Takes printed text; it leaves with the next message, or within a few hundredths of a second.</summary>
    public void Print(string stream, CellContext? cell, ReadOnlySpan<char> text)
    {
        if (cell is { Silent: true })
            return;

        if (streams.Append(stream, cell?.Request.RawHeader ?? Message.NoParent, text))
            Flush(all: false);
    }

    /// <summary>Sends what was printed so far; see <see cref="StreamBuffer.Take"/>.</summary>
    public void Flush(bool all)
    {
        lock (order)
        {
            foreach (var (stream, parent, text) in streams.Take(all))
                Send("stream", parent, new JsonObject { ["name"] = stream, ["text"] = text }, null);
        }
    }

    /// <summary>Starts the thread that sends printed text while a cell runs.</summary>
    /// <param name="fail">Told where it cannot go on.</param>
    public void StartFlushing(Action<Exception> fail) => new Thread(() =>
    {
        while (true)
        {
            streams.WaitForText();
            Thread.Sleep(StreamBuffer.Pause);
            try
            {
                Flush(all: false);
            }
            catch (SocketClosedException)
            {
                return;
            }
            catch (Exception failed)
            {
                fail(failed);
                return;
            }
        }
    })
    { IsBackground = true, Name = "flush" }.Start();

    public void Dispose() => socket.Dispose();

    private void Send(string type, byte[] parent, JsonObject content, JsonObject? metadata) =>
        socket.Send([Encoding.ASCII.GetBytes($"kernel.{type}")], type, parent, content, metadata);
}
