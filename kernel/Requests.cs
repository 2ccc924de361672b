using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Output;
using Madtp.Kit.Kernel.Wire;

namespace Madtp.Kit.Kernel;

/// <summary>Answers the requests of one channel: busy, the answer, idle.</summary>
internal abstract class Requests(MessageSocket socket, Publisher publisher, Action<string> log)
{
    /// <summary>A shutdown was asked for, and answered.</summary>
    public bool Ended { get; private set; }

    public void Handle(Message request)
    {
        try
        {
            Answer(request);
        }
        catch (Exception failed) when (failed is not SocketClosedException)
        {
            log($"a {request.Type} could not be handled: {failed}");
        }
    }

    /// <summary>What answers a type of request; null for a type that is not known.</summary>
    protected abstract Action<Message>? Handler(string type);

    protected void Shutdown(Message request)
    {
        Reply(request, new JsonObject { ["status"] = "ok", ["restart"] = request.ContentFlag("restart", false) });
        Ended = true;
    }

    protected void Reply(Message request, JsonObject content, JsonObject? metadata = null)
    {
        publisher.Flush(all: true);
        socket.Send(request.Identities, request.Type.Replace("_request", "_reply", StringComparison.Ordinal), request.RawHeader,
            content, metadata);
    }

    private void Answer(Message request)
    {
        var isQuestion = request.Type.EndsWith("_request", StringComparison.Ordinal);
        publisher.Status("busy", request.RawHeader);
        try
        {
            if (Handler(request.Type) is { } handler)
                handler(request);
            else if (isQuestion)
                throw new NotSupportedException($"this kernel does not know '{request.Type}'");
        }
        catch (Exception failed) when (failed is not SocketClosedException && isQuestion)
        {
            var error = new JsonObject { ["ename"] = failed.GetType().Name, ["evalue"] = failed.Message,
                ["traceback"] = new JsonArray(failed.Message) };
            if (request.Type == "execute_request")
            {
                // the cell's output: people don't see replies
                publisher.Publish("error", request.RawHeader, (JsonObject)error.DeepClone());
            }

            error["status"] = "error";
            Reply(request, error);
            throw;
        }
        finally
        {
            publisher.Status("idle", request.RawHeader);
        }
    }
}
