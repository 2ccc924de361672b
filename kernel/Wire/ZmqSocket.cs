using System.Runtime.InteropServices;

namespace Madtp.Kit.Kernel.Wire;

/// <summary>
/// One libzmq socket, in whole multipart messages. Not for two threads at once: callers that share one hold a lock.
/// </summary>
internal sealed class ZmqSocket(IntPtr handle) : IDisposable
{
    private const int RoutingId = 5, SubscribeOption = 6, ReceiveMore = 13, Linger = 17, SendLimit = 23, ReceiveTimeout = 27,
        Ipv6 = 42, HandOver = 56;
    private const int DontWait = 1, SendMoreFlag = 2;
    private const int Again = 11, AgainOnMac = 35, Interrupted = 4, Terminated = 156384765;

    private IntPtr handle = handle;

    /// <summary>How long a close waits for unsent messages.</summary>
    public void SetLinger(TimeSpan time) => Set(Linger, (int)time.TotalMilliseconds);

    /// <summary>How many messages may wait for a slow reader before they are dropped (0: no limit).</summary>
    public void SetSendLimit(int messages) => Set(SendLimit, messages);

    /// <summary>Lets a client that reconnects under its old identity take its route over.</summary>
    public void AllowHandOver() => Set(HandOver, 1);

    /// <summary>How long a receive waits before it answers null; no limit by default.</summary>
    public void SetReceiveTimeout(TimeSpan time) => Set(ReceiveTimeout, (int)time.TotalMilliseconds);

    public unsafe void SetIdentity(ReadOnlySpan<byte> identity) => SetBytes(RoutingId, identity);

    public unsafe void Subscribe(ReadOnlySpan<byte> prefix) => SetBytes(SubscribeOption, prefix);

    public void Bind(string endpoint)
    {
        if (endpoint.Contains('[', StringComparison.Ordinal))
            Set(Ipv6, 1);

        if (LibZmq.Bind(handle, endpoint) != 0)
            throw Failure($"binding {endpoint}");
    }

    public void Connect(string endpoint)
    {
        if (LibZmq.Connect(handle, endpoint) != 0)
            throw Failure($"connecting to {endpoint}");
    }

    /// <summary>Sends one multipart message; false when the reader's queue stayed full for the send timeout.</summary>
    public unsafe bool Send(IReadOnlyList<byte[]> frames)
    {
        ThrowIfClosed();
        for (var i = 0; i < frames.Count; i++)
        {
            var frame = frames[i];
            fixed (byte* data = frame)
            {
                int sent;
                do
                {
                    sent = LibZmq.Send(handle, data, (nuint)frame.Length, i + 1 < frames.Count ? SendMoreFlag : 0);
                }
                while (sent < 0 && Marshal.GetLastPInvokeError() == Interrupted);

                if (sent < 0)
                {
                    if (IsAgain(Marshal.GetLastPInvokeError()))
                        return false;

                    throw Failure("sending");
                }
            }
        }

        return true;
    }

    /// <summary>
    /// The next multipart message; null when none came within the receive timeout, or none waits and <paramref name="wait"/> is
    /// false.
    /// </summary>
    public List<byte[]>? Receive(bool wait = true)
    {
        ThrowIfClosed();
        var frames = new List<byte[]>();
        do
        {
            var frame = ReceiveFrame(wait || frames.Count > 0);
            if (frame is null)
                return null;

            frames.Add(frame);
        }
        while (Get(ReceiveMore) != 0);

        return frames;
    }

    public void Dispose()
    {
        var open = Interlocked.Exchange(ref handle, IntPtr.Zero);
        if (open != IntPtr.Zero)
            _ = LibZmq.Close(open);
    }

    private void ThrowIfClosed()
    {
        if (handle == IntPtr.Zero)
            throw new SocketClosedException();
    }

    internal static Exception Failure(string what)
    {
        var code = Marshal.GetLastPInvokeError();
        return code == Terminated
            ? new SocketClosedException()
            : new IOException($"{what} failed: {Marshal.PtrToStringUTF8(LibZmq.ErrorText(code))}");
    }

    private static bool IsAgain(int code) => code == Again || (OperatingSystem.IsMacOS() && code == AgainOnMac);

    private unsafe byte[]? ReceiveFrame(bool wait)
    {
        var message = stackalloc byte[LibZmq.MessageSize];
        _ = LibZmq.MessageInit(message);
        try
        {
            int length;
            do
            {
                length = LibZmq.MessageReceive(message, handle, wait ? 0 : DontWait);
            }
            while (length < 0 && Marshal.GetLastPInvokeError() == Interrupted);

            if (length < 0)
                return IsAgain(Marshal.GetLastPInvokeError()) ? null : throw Failure("receiving");

            return new ReadOnlySpan<byte>(LibZmq.MessageData(message), length).ToArray();
        }
        finally
        {
            _ = LibZmq.MessageClose(message);
        }
    }

    private unsafe void Set(int option, int value)
    {
        if (LibZmq.SetOption(handle, option, &value, sizeof(int)) != 0)
            throw Failure($"setting socket option {option}");
    }

    private unsafe void SetBytes(int option, ReadOnlySpan<byte> value)
    {
        fixed (byte* data = value)
        {
            if (LibZmq.SetOption(handle, option, data, (nuint)value.Length) != 0)
                throw Failure($"setting socket option {option}");
        }
    }

    private unsafe int Get(int option)
    {
        int value = 0;
        nuint size = sizeof(int);
        return LibZmq.GetOption(handle, option, &value, ref size) == 0 ? value : throw Failure($"reading socket option {option}");
    }
}

/// <summary>The kinds of socket the Jupyter protocol uses, by libzmq's numbers.</summary>
internal enum SocketKind
{
    Publish = 1,
    Subscribe = 2,
    Request = 3,
    Reply = 4,
    Dealer = 5,
    Router = 6,
}

/// <summary>The socket, or the context of all sockets, was closed: the loop that reads it ends.</summary>
internal sealed class SocketClosedException() : Exception("the socket was closed");
