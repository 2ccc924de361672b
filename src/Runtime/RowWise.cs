using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;
using Lanes = System.Runtime.Intrinsics.Vector512<float>;

namespace Madtp.Kit.Runtime;

/// <summary>Work on the rows of float32 tensors on a CPU, each row while it lies in the cache, without a gradient.</summary>
internal static class RowWise
{
    /// <summary>Numbers of a vector.</summary>
    public const int Width = 16;

    /// <summary>So many numbers, filled up to whole vectors.</summary>
    public static int Padded(int numbers) => (numbers + Width - 1) / Width * Width;

    /// <summary>Each thread gets rows that lie together, from a first to an end.</summary>
    /// <param name="width">Numbers of a row.</param>
    public static void InParts(long rows, int width, Action<int, int> work)
    {
        const int smallest = 1 << 14; // numbers that are worth a thread
        var threads = get_num_threads();
        var share = Math.Max((rows + threads - 1) / threads, Math.Max(1, smallest / width));
        OpenMp.Run((int)((rows + share - 1) / share),
            part => work((int)(part * share), (int)Math.Min(rows, (part + 1) * share)));
    }

    /// <summary>A contiguous tensor's numbers where they lie.</summary>
    public static Span<float> Numbers(Tensor all) => MemoryMarshal.Cast<byte, float>(all.bytes);

    /// <summary>Places of the numbers that are not 0.</summary>
    public static int[] NonZero(ReadOnlySpan<float> numbers)
    {
        var (places, count) = (new int[numbers.Length], 0);
        for (var place = 0; place < numbers.Length; place++)
        {
            places[count] = place; // written over by the next where this one is 0
            count += numbers[place] != 0 ? 1 : 0;
        }

        return places[..count];
    }

    /// <summary>e^x for x ≤ 0 to a float's precision: 2ⁿ by exponent and the rest by a polynomial (Cephes). What comes near the
    /// numbers below the normal ones, which are slow, is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Exp(Lanes x)
    {
        var n = Vector512.Round(x * 1.44269504f);
        var rest = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), x);
        rest = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), rest);
        var power = Vector512.Create(1.9875691500e-4f);
        power = Vector512.FusedMultiplyAdd(power, rest, Vector512.Create(1.3981999507e-3f));
        power = Vector512.FusedMultiplyAdd(power, rest, Vector512.Create(8.3334519073e-3f));
        power = Vector512.FusedMultiplyAdd(power, rest, Vector512.Create(4.1665795894e-2f));
        power = Vector512.FusedMultiplyAdd(power, rest, Vector512.Create(1.6666665459e-1f));
        power = Vector512.FusedMultiplyAdd(power, rest, Vector512.Create(5.0000001201e-1f));
        power = Vector512.FusedMultiplyAdd(power, rest * rest, rest) + Lanes.One;
        var scaled = (power.AsInt32() + (Vector512.ConvertToInt32Native(n) << 23)).AsSingle();
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(-80f)), Lanes.Zero, scaled);
    }

    /// <summary>The greatest of 16 numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Greatest(Lanes all)
    {
        var eight = Vector256.MaxNative(all.GetLower(), all.GetUpper());
        var four = Vector128.MaxNative(eight.GetLower(), eight.GetUpper());
        var two = Vector128.MaxNative(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(two[0], two[1]);
    }
}

/// <summary>Rows of a tensor on a CPU wherever they lie, in float32.</summary>
internal sealed unsafe class StridedRows
{
    private readonly Tensor rows; // keeps their memory
    private readonly float* start;
    private readonly long[] strides;

    /// <summary>Those of a tensor of two to four dimensions, the last of which is a row.</summary>
    public StridedRows(Tensor all)
    {
        rows = all.As(float32);
        rows = rows.stride(-1) == 1 ? rows : rows.contiguous();
        start = Start(rows);
        strides = rows.stride();
    }

    /// <summary>Where a tensor's numbers begin.</summary>
    public static float* Start(Tensor all) =>
        (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(all.as_strided([1], [1], all.storage_offset()).bytes));

    /// <summary>Where a row begins.</summary>
    public float* At(int first, int second = 0, int third = 0) => start + (first * strides[0])
        + (second == 0 ? 0 : second * strides[1]) + (third == 0 ? 0 : third * strides[2]);
}

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
            start = (delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void>)found;
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
                    part(one);
            }
            catch (Exception e)
            {
                Failure = ExceptionDispatchInfo.Capture(e);
            }
        }
    }
}
