using System.Runtime.InteropServices;

namespace Madtp.Kit.Tests.Models;

/// <summary>
/// What native code, libtorch above all, has allocated at the moment. Resident memory would not tell: pages that an earlier test
/// gave back to the allocator are used again without the process growing.
/// </summary>
internal static partial class NativeHeap
{
    /// <summary>Bytes in use.</summary>
    public static long InUse()
    {
        var all = Numbers();
        return (long)(all.InUse + all.Mapped);
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial HeapNumbers Numbers();

    // struct mallinfo2 of malloc.h.
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct HeapNumbers
    {
        public readonly nuint Arena, FreeChunks, FastChunks, MappedChunks, Mapped, Highest, FastFree, InUse, Free, Releasable;
    }
}
