using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>What files call element types: one table for all formats. Types that are not in it are not read.</summary>
internal static class ElementNames
{
    private static readonly (ScalarType Type, string Safetensors, string Storage)[] Table =
    [
        (ScalarType.Float16, "F16", "HalfStorage"),
        (ScalarType.BFloat16, "BF16", "BFloat16Storage"),
        (ScalarType.Float32, "F32", "FloatStorage"),
        (ScalarType.Float64, "F64", "DoubleStorage"),
        (ScalarType.Int64, "I64", "LongStorage"),
        (ScalarType.Int32, "I32", "IntStorage"),
        (ScalarType.Int16, "I16", "ShortStorage"),
        (ScalarType.Int8, "I8", "CharStorage"),
        (ScalarType.Byte, "U8", "ByteStorage"),
        (ScalarType.Bool, "BOOL", "BoolStorage"),
    ];

    /// <summary>The name in a safetensors header, such as <c>F32</c>.</summary>
    /// <exception cref="ArgumentException">The format's readers do not know the type.</exception>
    public static string Safetensors(ScalarType type) =>
        Array.Find(Table, row => row.Type == type).Safetensors ?? throw new ArgumentException($"tensors of {type} are not kept in checkpoints", nameof(type));

    /// <summary>The type that a safetensors header calls by this name, or null.</summary>
    public static ScalarType? FromSafetensors(string name) => Find(row => row.Safetensors == name);

    /// <summary>The type that PyTorch keeps in the storage class of this name, or null.</summary>
    public static ScalarType? FromStorage(string name) => Find(row => row.Storage == name);

    private static ScalarType? Find(Predicate<(ScalarType Type, string Safetensors, string Storage)> matches)
    {
        var index = Array.FindIndex(Table, matches);
        return index < 0 ? null : Table[index].Type;
    }
}
