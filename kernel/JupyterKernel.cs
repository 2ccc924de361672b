using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Kernel.Output;
using Madtp.Kit.Kernel.Wire;

namespace Madtp.Kit.Kernel;

/// <summary>The five channels of a kernel, and the threads that serve them.</summary>
internal sealed class JupyterKernel : IDisposable
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromMilliseconds(300);

    private readonly ZmqContext context = new();
    private readonly List<Thread> threads = [];
    private readonly ManualResetEventSlim shutdown = new();
    private readonly CellRunner runner = new();
    private readonly Action<string> log;
    private readonly ZmqSocket heartbeat;
    private readonly MessageSocket shell, control;
    private readonly Publisher publisher;
    private readonly StdinChannel stdin;
    private readonly ShellRequests shellRequests;
    private readonly ControlRequests controlRequests;
    private readonly LastWords words;

    /// <summary>Binds every channel.</summary>
    /// <exception cref="IOException">A port is taken.</exception>
    public JupyterKernel(ConnectionFile connection, Action<string> log)
    {
        this.log = log;
        var signer = new MessageSigner(connection.Key);
        var session = Guid.NewGuid().ToString("N");
        MessageSocket Bind(SocketKind kind, int port)
        {
            var socket = context.Open(kind);
            socket.SetLinger(Linger);
            if (kind == SocketKind.Router)
                socket.AllowHandOver();
            else
                socket.SetSendLimit(100_000);

            socket.Bind(connection.Endpoint(port));
            return new MessageSocket(socket, signer, session, log);
        }

        publisher = new Publisher(Bind(SocketKind.Publish, connection.PublishPort));
        shell = Bind(SocketKind.Router, connection.ShellPort);
        control = Bind(SocketKind.Router, connection.ControlPort);
        var input = Bind(SocketKind.Router, connection.StdinPort);
        input.Socket.SetReceiveTimeout(TimeSpan.FromMilliseconds(100));
        heartbeat = context.Open(SocketKind.Reply);
        heartbeat.SetLinger(TimeSpan.Zero);
        heartbeat.Bind(connection.Endpoint(connection.HeartbeatPort));

        stdin = new StdinChannel(input);
        _ = new Notebook(publisher, stdin);
        words = new LastWords(connection.Path); // every port is ours: no other kernel writes there
        shellRequests = new ShellRequests(shell, publisher, runner, words, log);
        controlRequests = new ControlRequests(control, publisher, runner, log);
    }

    /// <summary>Makes the process's console that of the cells.</summary>
    public void TakeConsole()
    {
        Console.SetOut(new CellWriter("stdout", publisher));
        Console.SetError(new CellWriter("stderr", publisher));
        Console.SetIn(new CellReader());
    }

    /// <summary>Whether the kernel ended because it could serve no longer.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Serves until a shutdown is asked for.</summary>
    public void Run()
    {
        publisher.StartFlushing(failed => Fail("flush", failed));
        publisher.Status("starting", Message.NoParent);
        Start("heartbeat", heartbeat, Beat);
        Start("control", control, () => Serve(control, controlRequests));
        Start("shell", shell, () => Serve(shell, shellRequests));
        shutdown.Wait();
    }

    /// <summary>Ends the cell that runs.</summary>
    public void Interrupt() => runner.Interrupt();

    /// <summary>Ends <see cref="Run"/>.</summary>
    public void Stop() => shutdown.Set();

    /// <summary>Says, as the process ends unasked, that a cell ended it.</summary>
    public void SayExit()
    {
        if (!shutdown.IsSet)
        {
            publisher.Print("stderr", CellContext.Current,
                $"the kernel ends: a cell called Environment.Exit({Environment.ExitCode}); "
                + "variables are gone, restart the kernel to go on\n");
            publisher.Flush(all: true);
            Dispose();
        }
    }

    /// <summary>Reports an exception on a thread a cell started, which would else end the process.</summary>
    public void ReportUnhandled(Exception exception)
    {
        var cell = CellContext.Current;
        if (exception is OperationCanceledException && cell is { IsInterrupted: true })
            return;

        var failure = runner.Report.Of(exception);
        publisher.Print("stderr", cell, $"unhandled exception on a background thread:\n{string.Join('\n', failure.Trace)}\n");
    }

    public void Dispose()
    {
        words.Clear();

        // The shutdown ends every read, so that each thread closes its own socket; closing lets what was sent leave. A cell that
        // runs on, or waits for input, keeps its sockets to the end of the process.
        context.Shutdown();
        publisher.Dispose();
        stdin.Dispose();
        threads.ForEach(thread => thread.Join(Patience));
        var terminating = new Thread(context.Terminate) { IsBackground = true, Name = "terminate" };
        terminating.Start();
        terminating.Join(Linger);
    }

    private void Start(string name, IDisposable socket, Action work)
    {
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (SocketClosedException)
            {
                // The kernel is shutting down.
            }
            catch (Exception failed)
            {
                Fail(name, failed);
            }
            finally
            {
                socket.Dispose();
            }
        })
        { IsBackground = true, Name = name };
        threads.Add(thread);
        thread.Start();
    }

    // A kernel that no longer listens must not look as if it did: the front end starts another where this one ends.
    private void Fail(string name, Exception failed)
    {
        log($"the kernel ends, for its thread '{name}' cannot go on: {failed}");
        HasFailed = true;
        shutdown.Set();
    }

    private void Beat()
    {
        while (true)
        {
            if (heartbeat.Receive() is { } frames)
                heartbeat.Send(frames);
        }
    }

    private void Serve(MessageSocket socket, Requests requests)
    {
        while (!requests.Ended)
        {
            if (socket.Receive() is { } request)
                requests.Handle(request);
        }

        shutdown.Set();
    }
}
