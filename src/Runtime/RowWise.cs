using System.Runtime.CompilerServices;
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
