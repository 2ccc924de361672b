namespace Madtp.Kit.Checkpoints;

/// <summary>Sizes and names of element types: one table for all file formats.</summary>
public static class ElementTypes
{
    private static readonly (ElementType Type, int Size, string Safetensors, string Storage)[] Table =
    [
        (ElementType.Float16, 2, "F16", "HalfStorage"),
        (ElementType.BFloat16, 2, "BF16", "BFloat16Storage"),
        (ElementType.Float32, 4, "F32", "FloatStorage"),
        (ElementType.Float64, 8, "F64", "DoubleStorage"),
        (ElementType.Int64, 8, "I64", "LongStorage"),
        (ElementType.Int32, 4, "I32", "IntStorage"),
        (ElementType.Int16, 2, "I16", "ShortStorage"),
        (ElementType.Int8, 1, "I8", "CharStorage"),
        (ElementType.UInt8, 1, "U8", "ByteStorage"),
        (ElementType.Bool, 1, "BOOL", "BoolStorage"),
    ];

    /// <summary>Bytes per element.</summary>
    public static int Size(this ElementType type) => Table[(int)type].Size;

    /// <summary>The name in a safetensors header, such as <c>F32</c>.</summary>
    public static string SafetensorsName(this ElementType type) => Table[(int)type].Safetensors;

    /// <summary>The type that a safetensors header calls by this name, or null.</summary>
    internal static ElementType? FromSafetensors(string name) => Find(row => row.Safetensors == name);

    /// <summary>The type that PyTorch keeps in the storage class of this name, or null.</summary>
    internal static ElementType? FromStorage(string name) => Find(row => row.Storage == name);

    private static ElementType? Find(Predicate<(ElementType Type, int Size, string Safetensors, string Storage)> matches)
    {
        var index = Array.FindIndex(Table, matches);
        return index < 0 ? null : Table[index].Type;
    }
}
