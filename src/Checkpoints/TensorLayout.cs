using static Madtp.Kit.Text.Printable;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>Shape and strides (in elements) of a stored tensor, checked so that no later arithmetic can overflow.</summary>
internal sealed class TensorLayout
{
    /// <summary>The most dimensions that a tensor may have.</summary>
    public const int MaximumRank = 32;

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

    /// <summary>A row-major layout of what a refusal names.</summary>
    public static TensorLayout Contiguous(string what, long[] shape) => new(shape, RowMajor(shape), Count(what, shape));

    /// <summary>A strided layout whose every element lies within the elements available.</summary>
    public static TensorLayout Strided(string what, long[] shape, long[] strides, long available)
    {
        var count = Count(what, shape);
        Guard.Data(strides.Length == shape.Length, $"{what}: it has {shape.Length} dimensions and {strides.Length} strides");
        Guard.Data(strides.All(s => s >= 0), $"{what}: its strides {Sizes(strides)} are negative");
        Guard.Data(count == 0 || ExtentOf(shape, strides) <= available,
            $"{what}: its shape {Sizes(shape)} with strides {Sizes(strides)} "
                + $"reaches past its storage ({available} elements)");
        Guard.Data(count <= Math.Max(available, MaximumRepeated),
            $"{what}: its shape {Sizes(shape)} repeats a storage of {available} elements "
                + $"{count / Math.Max(available, 1)} times");
        return new TensorLayout(shape, strides, count);
    }

    /// <summary>Rows as columns; for two dimensions.</summary>
    public TensorLayout Transposed() => new([Shape[1], Shape[0]], [Strides[1], Strides[0]], ElementCount);

    private static long Count(string what, long[] shape)
    {
        Guard.Data(shape.Length <= MaximumRank, $"{what}: it has {shape.Length} dimensions, at most {MaximumRank} are read");
        Guard.Data(shape.All(s => s >= 0), $"{what}: its shape {Sizes(shape)} has a negative size");
        var product = (Int128)1;
        foreach (var size in shape)
        {
            product *= Math.Max(size, 1); // beside a size of 0, too, others become strides
            Guard.Data(product <= long.MaxValue / WidestElement,
                $"{what}: its shape {Sizes(shape)} has more elements than any file can hold");
        }

        return shape.Contains(0) ? 0 : (long)product;
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

/// <summary>What files call element types: one table for all formats. Without a type are those that no model here has.</summary>
internal static class ElementNames
{
    private static readonly (ScalarType? Type, int Size, string? Safetensors, string? Storage)[] Table =
    [
        (ScalarType.Float16, 2, "F16", "torch.HalfStorage"),
        (ScalarType.BFloat16, 2, "BF16", "torch.BFloat16Storage"),
        (ScalarType.Float32, 4, "F32", "torch.FloatStorage"),
        (ScalarType.Float64, 8, "F64", "torch.DoubleStorage"),
        (ScalarType.Int64, 8, "I64", "torch.LongStorage"),
        (ScalarType.Int32, 4, "I32", "torch.IntStorage"),
        (ScalarType.Int16, 2, "I16", "torch.ShortStorage"),
        (ScalarType.Int8, 1, "I8", "torch.CharStorage"),
        (ScalarType.Byte, 1, "U8", "torch.ByteStorage"),
        (ScalarType.Bool, 1, "BOOL", "torch.BoolStorage"),
        (null, 2, "U16", null),
        (null, 4, "U32", null),
        (null, 8, "U64", null),
        (null, 8, "C64", "torch.ComplexFloatStorage"),
        (null, 16, "C128", "torch.ComplexDoubleStorage"),
        (null, 1, "F8_E4M3", null),
        (null, 1, "F8_E5M2", null),
        (null, 1, "F8_E8M0", null),
        (null, 1, null, "torch.QInt8Storage"),
        (null, 1, null, "torch.QUInt8Storage"),
        (null, 1, null, "torch.QUInt4x2Storage"),
        (null, 1, null, "torch.QUInt2x4Storage"),
        (null, 4, null, "torch.QInt32Storage"),
        (null, 1, null, "torch.UntypedStorage"),
        (null, 1, null, "torch.storage.UntypedStorage"),
    ];

    /// <summary>The name in a safetensors header, such as <c>F32</c>.</summary>
    public static string Safetensors(ScalarType type) => Array.Find(Table, row => row.Type == type).Safetensors
        ?? throw new ArgumentException($"tensors of {type} are not kept in checkpoints", nameof(type));

    /// <summary>The element that a safetensors header calls by this name, and its bytes; null where there is none.</summary>
    public static (ScalarType? Type, int Size)? OfSafetensors(string name) => Found(row => row.Safetensors == name);

    /// <summary>The element of PyTorch's storage class of this name, and its bytes; null where there is no such class.</summary>
    public static (ScalarType? Type, int Size)? OfStorage(string name) => Found(row => row.Storage == name);

    private static (ScalarType? Type, int Size)? Found(
        Predicate<(ScalarType? Type, int Size, string? Safetensors, string? Storage)> isIt) =>
        Array.Find(Table, isIt) is { Size: > 0 } found ? (found.Type, found.Size) : null;
}
