namespace Madtp.Kit.Kernel.Wire;

/// <summary>The socket, or the context of all sockets, was closed: the loop that reads it ends.</summary>
internal sealed class SocketClosedException() : Exception("the socket was closed");
