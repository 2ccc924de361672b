namespace Madtp.Kit.Kernel.Wire;

/// <summary>A libzmq context: the owner of sockets. Shutting it down ends every blocked receive.</summary>
internal sealed class ZmqContext
{
    private readonly IntPtr handle = LibZmq.ContextNew();

    public ZmqSocket Open(SocketKind kind)
    {
        var socket = LibZmq.Socket(handle, (int)kind);
        return socket == IntPtr.Zero ? throw ZmqSocket.Failure($"opening a {kind} socket") : new ZmqSocket(socket);
    }

    /// <summary>Makes every call on every socket end with <see cref="SocketClosedException"/>.</summary>
    public void Shutdown() => _ = LibZmq.ContextShutdown(handle);

    /// <summary>
    /// Waits until what was sent has left, as far as each socket's linger time allows. All sockets must be closed.
    /// </summary>
    public void Terminate() => _ = LibZmq.ContextTerminate(handle);
}
