using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>What files call element types: one table for all formats. Without a type are those that no model here has.</summary>
internal static class ElementNames
{
    private static readonly (ScalarType? Type, int Size, string Safetensors, string Storage)[] Table =
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
        (null, 2, "U16", ""),
        (null, 4, "U32", ""),
        (null, 8, "U64", ""),
        (null, 8, "C64", "torch.ComplexFloatStorage"),
        (null, 16, "C128", "torch.ComplexDoubleStorage"),
        (null, 1, "F8_E4M3", ""),
        (null, 1, "F8_E5M2", ""),
        (null, 1, "F8_E8M0", ""),
        (null, 1, "", "torch.QInt8Storage"),
        (null, 1, "", "torch.QUInt8Storage"),
        (null, 1, "", "torch.QUInt4x2Storage"),
        (null, 1, "", "torch.QUInt2x4Storage"),
        (null, 4, "", "torch.QInt32Storage"),
        (null, 1, "", "torch.UntypedStorage"),
        (null, 1, "", "torch.storage.UntypedStorage"),
    ];

    /// <summary>The name in a safetensors header, such as <c>F32</c>.</summary>
    /// <exception cref="ArgumentException">The format's readers do not know the type.</exception>
    public static string Safetensors(ScalarType type) => Array.Find(Table, row => row.Type == type).Safetensors
        ?? throw new ArgumentException($"tensors of {type} are not kept in checkpoints", nameof(type));

    /// <summary>
    /// The type and the bytes of an element that a safetensors header calls by this name; null where there is no such name.
    /// </summary>
    public static (ScalarType? Type, int Size)? FromSafetensors(string name) =>
        Array.Find(Table, row => row.Safetensors == name) is { Size: > 0 } found && name.Length > 0 ? (found.Type, found.Size)
            : null;

    /// <summary>The type that PyTorch keeps in the storage class of this name, or null.</summary>
    public static ScalarType? FromStorage(string name) => Array.Find(Table, row => row.Storage == name).Type;

    /// <summary>The bytes of an element of the storage class of this name; null where PyTorch has no such class.</summary>
    public static int? StorageSize(string name) => Array.Find(Table, row => row.Storage == name) is { Size: > 0 and var size }
        ? size : null;
}
