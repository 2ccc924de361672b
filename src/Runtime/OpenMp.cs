using System.Runtime.ExceptionServices;

namespace Madtp.Kit.Runtime;

/// <summary>The threads that libtorch computes with, for work of the kit's own. Threads of .NET's have to be woken for each piece
/// of work, and wait for a core that one of libtorch's holds: it goes on spinning for a while after each operator.</summary>
internal static unsafe class OpenMp
{
    // As a compiled program calls it: a function, what it gets, how many threads, flags.
    private static delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> start;

    /// <summary>Whether they were found; otherwise .NET's threads do it.</summary>
    public static bool IsOn => start is not null;

    /// <summary>Finds them.</summary>
    /// <param name="torch">The loaded libtorch_cpu, which was linked with their library.</param>
    internal static void Begin(nint torch)
    {
        if (NativeLibrary.TryGetExport(torch, "GOMP_parallel", out var found))
        {
            start = (delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void>)found;
        }
    }

    /// <summary>Does parts 0 to <paramref name="count"/> − 1 at once and waits for all; throws what one of them throws.</summary>
    public static void Run(int count, Action<int> part)
    {
        var work = new Work(count, part);
        if (count > 1 && IsOn)
        {
            var handle = GCHandle.Alloc(work);
            start(&Share, GCHandle.ToIntPtr(handle), (uint)count, 0);
            handle.Free();
        }
        else
        {
            Parallel.For(0, count, _ => work.Do());
        }

        work.Failure?.Throw();
    }

    [UnmanagedCallersOnly]
    private static void Share(nint work) => ((Work)GCHandle.FromIntPtr(work).Target!).Do();

    // There may be fewer threads than parts.
    private sealed class Work(int count, Action<int> part)
    {
        private int next = -1;

        public ExceptionDispatchInfo? Failure { get; private set; }

        public void Do()
        {
            try
            {
                while (Interlocked.Increment(ref next) is var one && one < count)
                {
                    part(one);
                }
            }
            catch (Exception e)
            {
                Failure = ExceptionDispatchInfo.Capture(e);
            }
        }
    }
}
