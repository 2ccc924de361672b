using System.Reflection;
using System.Runtime.InteropServices;

namespace Madtp.Kit.Kernel.Wire;

/// <summary>The few functions of libzmq that the kernel calls.</summary>
internal static partial class LibZmq
{
    private const string Library = "libzmq";

    // The message structure is opaque: 64 bytes, aligned as a pointer.
    public const int MessageSize = 64;

    static LibZmq() => NativeLibrary.SetDllImportResolver(typeof(LibZmq).Assembly, Resolve);

    [LibraryImport(Library, EntryPoint = "zmq_ctx_new")]
    public static partial IntPtr ContextNew();

    [LibraryImport(Library, EntryPoint = "zmq_ctx_shutdown", SetLastError = true)]
    public static partial int ContextShutdown(IntPtr context);

    [LibraryImport(Library, EntryPoint = "zmq_ctx_term", SetLastError = true)]
    public static partial int ContextTerminate(IntPtr context);

    [LibraryImport(Library, EntryPoint = "zmq_socket", SetLastError = true)]
    public static partial IntPtr Socket(IntPtr context, int type);

    [LibraryImport(Library, EntryPoint = "zmq_close", SetLastError = true)]
    public static partial int Close(IntPtr socket);

    [LibraryImport(Library, EntryPoint = "zmq_setsockopt", SetLastError = true)]
    public static unsafe partial int SetOption(IntPtr socket, int option, void* value, nuint size);

    [LibraryImport(Library, EntryPoint = "zmq_getsockopt", SetLastError = true)]
    public static unsafe partial int GetOption(IntPtr socket, int option, void* value, ref nuint size);

    [LibraryImport(Library, EntryPoint = "zmq_bind", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Bind(IntPtr socket, string endpoint);

    [LibraryImport(Library, EntryPoint = "zmq_connect", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Connect(IntPtr socket, string endpoint);

    [LibraryImport(Library, EntryPoint = "zmq_send", SetLastError = true)]
    public static unsafe partial int Send(IntPtr socket, byte* data, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "zmq_msg_init")]
    public static unsafe partial int MessageInit(byte* message);

    [LibraryImport(Library, EntryPoint = "zmq_msg_recv", SetLastError = true)]
    public static unsafe partial int MessageReceive(byte* message, IntPtr socket, int flags);

    [LibraryImport(Library, EntryPoint = "zmq_msg_data")]
    public static unsafe partial byte* MessageData(byte* message);

    [LibraryImport(Library, EntryPoint = "zmq_msg_close")]
    public static unsafe partial int MessageClose(byte* message);

    [LibraryImport(Library, EntryPoint = "zmq_strerror")]
    public static partial IntPtr ErrorText(int code);

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library)
            return IntPtr.Zero;

        foreach (var candidate in Candidates())
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out var handle))
                return handle;
        }

        throw new DllNotFoundException(
            "libzmq was not found: install it (Debian, Ubuntu: apt-get install libzmq5; conda: zeromq), or set KIT_LIBZMQ to "
                + "its file");
    }

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("KIT_LIBZMQ") is { Length: > 0 } chosen)
            yield return chosen;

        string[] names = OperatingSystem.IsWindows() ? ["libzmq.dll"] : OperatingSystem.IsMacOS()
            ? ["libzmq.5.dylib", "libzmq.dylib"] : ["libzmq.so.5", "libzmq.so"];
        if (Environment.GetEnvironmentVariable("CONDA_PREFIX") is { Length: > 0 } conda)
        {
            foreach (var name in names)
                yield return Path.Combine(conda, OperatingSystem.IsWindows() ? "Library/bin" : "lib", name);
        }

        foreach (var name in names)
            yield return name;
    }
}
