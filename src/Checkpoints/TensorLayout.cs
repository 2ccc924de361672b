namespace Madtp.Kit.Checkpoints;

/// <summary>Shape and strides (in elements) of a stored tensor, checked so that no later arithmetic can overflow.</summary>
internal sealed class TensorLayout
{
    private const int MaximumRank = 32;
    private const int WidestElement = 16; // bytes: a complex number of two doubles

    // A zero stride repeats elements. Honest files do that for small buffers; a lying one could ask for terabytes.
    private const long MaximumRepeated = 1 << 22;

    private TensorLayout(long[] shape, long[] strides, long elementCount)
    {
        (Shape, Strides, ElementCount) = (shape, strides, elementCount);
        var rowMajor = RowMajor(shape);
        // PyTorch leaves any stride on a dimension of size 1.
        IsContiguous = elementCount <= 1 || shape.Index().All(d => d.Item == 1 || strides[d.Index] == rowMajor[d.Index]);
    }

    public long[] Shape { get; }

    public long[] Strides { get; }

    public long ElementCount { get; }

    /// <summary>Whether the elements lie in row-major order without gaps.</summary>
    public bool IsContiguous { get; }

    /// <summary>How many elements lie between the first and the last one, both counted.</summary>
    public long Extent => (long)ExtentOf(Shape, Strides);

    /// <summary>A row-major layout.</summary>
    /// <exception cref="InvalidDataException">The shape is impossible; <paramref name="what"/> has it.</exception>
    public static TensorLayout Contiguous(string what, long[] shape) => new(shape, RowMajor(shape), Count(what, shape));

    /// <summary>A strided layout whose every element lies within the elements available.</summary>
    /// <exception cref="InvalidDataException">It is impossible; <paramref name="what"/> has it.</exception>
    public static TensorLayout Strided(string what, long[] shape, long[] strides, long available)
    {
        var count = Count(what, shape);
        Damage.Unless(strides.Length == shape.Length, $"{what}: it has {shape.Length} dimensions and {strides.Length} strides");
        Damage.Unless(strides.All(s => s >= 0), $"{what}: its strides {Damage.Shape(strides)} are negative");
        Damage.Unless(
            count == 0 || ExtentOf(shape, strides) <= available,
            $"{what}: its shape {Damage.Shape(shape)} with strides {Damage.Shape(strides)} reaches past its storage ({available} "
                + $"elements)");
        Damage.Unless(
            count <= Math.Max(available, MaximumRepeated),
            $"{what}: its shape {Damage.Shape(shape)} repeats a storage of {available} elements {count / Math.Max(available, 1)} "
                + $"times");
        return new TensorLayout(shape, strides, count);
    }

    /// <summary>Rows as columns; for two dimensions.</summary>
    public TensorLayout Transposed() => new([Shape[1], Shape[0]], [Strides[1], Strides[0]], ElementCount);

    private static long Count(string what, long[] shape)
    {
        Damage.Unless(shape.Length <= MaximumRank, $"{what}: it has {shape.Length} dimensions, at most {MaximumRank} are read");
        Damage.Unless(shape.All(s => s >= 0), $"{what}: its shape {Damage.Shape(shape)} has a negative size");
        if (shape.Contains(0))
        {
            return 0;
        }

        var product = (Int128)1;
        foreach (var size in shape)
        {
            product *= size;
            Damage.Unless(product <= long.MaxValue / WidestElement,
                $"{what}: its shape {Damage.Shape(shape)} has more elements than any file can hold");
        }

        return (long)product;
    }

    private static Int128 ExtentOf(long[] shape, long[] strides) =>
        shape.Zip(strides).Aggregate((Int128)1, (sum, d) => sum + ((Int128)(d.First - 1) * d.Second));

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
}
