namespace Madtp.Kit.Kernel.Wire;

/// <summary>The context of the socket was shut down: the loop that reads it ends.</summary>
internal sealed class SocketClosedException() : Exception("the socket's context was shut down");
