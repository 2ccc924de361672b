using System.Diagnostics;
using System.Text.Json.Nodes;
using Madtp.Kit.Kernel.Wire;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

/// <summary>A front end: sends requests, gathers what comes back.</summary>
internal sealed class KernelClient : IDisposable
{
    /// <summary>How long anything may take on a busy machine before a test gives up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ZmqContext context = new();
    private readonly List<string> log = [];
    private readonly List<Message> early = [];
    private int published;

    public KernelClient(string key, int[] ports)
    {
        var session = Guid.NewGuid().ToString("N");
        var identity = Guid.NewGuid().ToByteArray();
        MessageSocket Connect(SocketKind kind, int port)
        {
            var socket = context.Open(kind);
            socket.SetLinger(TimeSpan.Zero);
            socket.SetReceiveTimeout(TimeSpan.FromMilliseconds(50));
            if (kind == SocketKind.Subscribe)
            {
                socket.Subscribe([]);
            }
            else
            {
                // The kernel asks for input by the route of the shell request.
                socket.SetIdentity(identity);
            }

            socket.Connect($"tcp://127.0.0.1:{port}");
            return new MessageSocket(socket, new MessageSigner(key), session, log.Add);
        }

        Shell = Connect(SocketKind.Dealer, ports[0]);
        Control = Connect(SocketKind.Dealer, ports[1]);
        Stdin = Connect(SocketKind.Dealer, ports[2]);
        IoPub = Connect(SocketKind.Subscribe, ports[3]);
        Heartbeat = context.Open(SocketKind.Request);
        Heartbeat.SetLinger(TimeSpan.Zero);
        Heartbeat.SetReceiveTimeout(Patience);
        Heartbeat.Connect($"tcp://127.0.0.1:{ports[4]}");
    }

    public MessageSocket Shell { get; }

    public MessageSocket Control { get; }

    public MessageSocket Stdin { get; }

    public MessageSocket IoPub { get; }

    public ZmqSocket Heartbeat { get; }

    /// <summary>Waits until the kernel answers and its broadcasts arrive.</summary>
    public void WaitUntilReady()
    {
        for (var waited = Stopwatch.StartNew(); ; Assert.True(waited.Elapsed < Patience, "the kernel did not start"))
        {
            var id = Send(Shell, "kernel_info_request", []);
            Reply(Shell, id);
            for (var i = 0; i < 4; i++)
            {
                if (IoPub.Receive() is not null)
                {
                    Thread.Sleep(50);
                    while (IoPub.Receive() is not null)
                    {
                    }

                    return;
                }
            }
        }
    }

    public string Send(MessageSocket socket, string type, JsonObject content) => socket.Send([], type, Message.NoParent, content);

    /// <summary>Asks a question on the shell channel.</summary>
    public JsonObject Ask(string type, JsonObject content) => Reply(Shell, Send(Shell, type, content)).Content;

    /// <summary>The answer to a request.</summary>
    public Message Reply(MessageSocket socket, string id)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience;)
        {
            if (socket.Receive() is { } reply && Parent(reply) == id)
                return reply;
        }

        throw new TimeoutException($"no reply within {Patience}");
    }

    public string SendCell(string code, bool silent = false, bool store = true, bool stopOnError = true, bool allowInput = false, JsonObject? expressions = null) =>
        Send(Shell, "execute_request", new JsonObject
        {
            ["code"] = code,
            ["silent"] = silent,
            ["store_history"] = store,
            ["user_expressions"] = expressions ?? [],
            ["allow_stdin"] = allowInput,
            ["stop_on_error"] = stopOnError,
        });

    /// <summary>Runs a cell and gathers all it broadcast until idle.</summary>
    public CellResult Run(string code, bool silent = false, bool store = true, JsonObject? expressions = null)
    {
        var id = SendCell(code, silent, store, expressions: expressions);
        return Finish(id);
    }

    /// <summary>Runs a cell that must succeed.</summary>
    public CellResult Succeed(string code)
    {
        var result = Run(code);
        Assert.True(result.Status == "ok", $"the cell failed:\n{code}\n{result.Trace}");
        return result;
    }

    /// <summary>Waits for the end of a cell that was sent.</summary>
    public CellResult Finish(string id)
    {
        var broadcasts = BroadcastsOf(id);
        return new CellResult(id, Reply(Shell, id), broadcasts);
    }

    /// <summary>The broadcasts caused by a request, up to its idle.</summary>
    public List<Message> BroadcastsOf(string id)
    {
        List<Message> messages = [.. early.Where(each => Parent(each) == id)];
        early.RemoveAll(each => Parent(each) == id);
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience && !messages.Exists(IsIdle);)
        {
            if (Broadcast() is not { } message)
                continue;

            (Parent(message) == id ? messages : early).Add(message);
        }

        Assert.True(messages.Exists(IsIdle), "the kernel did not become idle");
        return messages;
    }

    /// <summary>The next broadcast of a kind, from any cell; others are kept for later.</summary>
    public Message Next(string type, string? parent = null)
    {
        bool Wanted(Message each) => each.Type == type && (parent is null || Parent(each) == parent);
        if (early.Find(Wanted) is { } known)
        {
            early.Remove(known);
            return known;
        }

        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience;)
        {
            if (Broadcast() is { } message)
            {
                if (Wanted(message))
                    return message;

                early.Add(message);
            }
        }

        throw new TimeoutException($"no {type} within {Patience}");
    }

    /// <summary>How many broadcasts came in all.</summary>
    public int Published => published;

    public void Dispose()
    {
        Shell.Dispose();
        Control.Dispose();
        Stdin.Dispose();
        IoPub.Dispose();
        Heartbeat.Dispose();
        context.Terminate();
    }

    public static string Parent(Message message) => (string?)message.ParentHeader["msg_id"] ?? "";

    private static bool IsIdle(Message message) => message.Type == "status" && (string?)message.Content["execution_state"] == "idle";

    private Message? Broadcast()
    {
        var message = IoPub.Receive();
        published += message is null ? 0 : 1;
        return message;
    }
}
