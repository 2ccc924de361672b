namespace Madtp.Kit.Checkpoints;

/// <summary>Shape and strides (in elements) of a stored tensor, checked so that no later arithmetic can overflow.</summary>
internal sealed class TensorLayout
{
    private const int MaximumRank = 32;

    // A zero stride repeats elements. Honest files do that for small buffers; a lying one could ask for terabytes.
    private const long MaximumRepeated = 1 << 22;

    private TensorLayout(long[] shape, long[] strides, long elementCount)
    {
        Shape = shape;
        Strides = strides;
        ElementCount = elementCount;
        IsContiguous = elementCount <= 1 || MatchesRowMajor();
    }

    public long[] Shape { get; }

    public long[] Strides { get; }

    public long ElementCount { get; }

    /// <summary>Whether the elements lie in row-major order without gaps.</summary>
    public bool IsContiguous { get; }

    /// <summary>A row-major layout; null with the reason where the shape is impossible.</summary>
    public static TensorLayout? Contiguous(long[] shape, out string? reason)
    {
        var count = Count(shape, out reason);
        return count is null ? null : new TensorLayout(shape, RowMajor(shape), count.Value);
    }

    /// <summary>A strided layout whose every element lies within the elements available; null with the reason otherwise.</summary>
    public static TensorLayout? Strided(long[] shape, long[] strides, long available, out string? reason)
    {
        var count = Count(shape, out reason);
        if (count is null)
        {
            return null;
        }

        if (strides.Length != shape.Length)
        {
            reason = $"it has {shape.Length} dimensions and {strides.Length} strides";
            return null;
        }

        if (strides.Any(s => s < 0))
        {
            reason = $"its strides {Describe(strides)} are negative";
            return null;
        }

        if (count > 0 && CheckedExtent(shape, strides) > available)
        {
            reason = $"its shape {Describe(shape)} with strides {Describe(strides)} reaches past its storage ({Math.Max(available, 0)} elements)";
            return null;
        }

        if (count > Math.Max(available, MaximumRepeated))
        {
            reason = $"its shape {Describe(shape)} repeats a storage of {available} elements {count / Math.Max(available, 1)} times";
            return null;
        }

        return new TensorLayout(shape, strides, count.Value);
    }

    /// <summary>Rows as columns; for two dimensions.</summary>
    public TensorLayout Transposed() => new([Shape[1], Shape[0]], [Strides[1], Strides[0]], ElementCount);

    /// <summary>How many elements lie between the first and the last one, both counted.</summary>
    public static long Extent(long[] shape, long[] strides)
    {
        var extent = 1L;
        for (var d = 0; d < shape.Length; d++)
        {
            extent += (shape[d] - 1) * strides[d];
        }

        return extent;
    }

    public static string Describe(IEnumerable<long> numbers) => $"[{string.Join(", ", numbers)}]";

    private static long? Count(long[] shape, out string? reason)
    {
        reason = null;
        if (shape.Length > MaximumRank)
        {
            reason = $"it has {shape.Length} dimensions, at most {MaximumRank} are read";
            return null;
        }

        if (shape.Any(s => s < 0))
        {
            reason = $"its shape {Describe(shape)} has a negative size";
            return null;
        }

        if (shape.Contains(0))
        {
            return 0;
        }

        var product = (Int128)1;
        foreach (var size in shape)
        {
            // 8 bytes is the widest element: beyond this the byte count would not fit.
            product *= size;
            if (product > long.MaxValue / 8)
            {
                reason = $"its shape {Describe(shape)} has more elements than any file can hold";
                return null;
            }
        }

        return (long)product;
    }

    private static Int128 CheckedExtent(long[] shape, long[] strides)
    {
        var extent = (Int128)1;
        for (var d = 0; d < shape.Length; d++)
        {
            extent += (Int128)(shape[d] - 1) * strides[d];
        }

        return extent;
    }

    private static long[] RowMajor(long[] shape)
    {
        var strides = new long[shape.Length];
        var step = 1L;
        for (var d = shape.Length - 1; d >= 0; d--)
        {
            strides[d] = step;
            step *= Math.Max(shape[d], 1);
        }

        return strides;
    }

    // PyTorch leaves any stride on a dimension of size 1.
    private bool MatchesRowMajor()
    {
        var expected = RowMajor(Shape);
        for (var d = 0; d < Shape.Length; d++)
        {
            if (Shape[d] != 1 && Strides[d] != expected[d])
            {
                return false;
            }
        }

        return true;
    }
}
