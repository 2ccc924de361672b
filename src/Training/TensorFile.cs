using Madtp.Kit.Checkpoints;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Tensors out of the kit's own files, where nothing may be renamed, resized or rounded.</summary>
internal static class TensorFile
{
    /// <summary>Copies a file's tensor into one of the same shape and type.</summary>
    /// <exception cref="InvalidDataException">The file has no such tensor, or it is of another shape or type.</exception>
    public static void Copy(CheckpointFile file, string name, Tensor target)
    {
        var entry = file[name];
        if (!entry.Shape.SequenceEqual(target.shape) || entry.Type != target.dtype)
        {
            throw new InvalidDataException($"'{file.Path}': tensor '{name}' is {entry.Type} [{string.Join(", ", entry.Shape)}], the model needs {target.dtype} [{string.Join(", ", target.shape)}]");
        }

        using var read = Read(entry);
        target.copy_(read);
    }

    private static Tensor Read(TensorEntry entry) => entry.Type switch
    {
        ScalarType.Float32 => tensor(entry.ToArray<float>(), [.. entry.Shape]),
        ScalarType.Int64 => tensor(entry.ToArray<long>(), [.. entry.Shape]),
        ScalarType.Byte => tensor(entry.ToArray<byte>(), [.. entry.Shape]),
        _ => throw new InvalidDataException($"tensor '{entry.Name}' is {entry.Type}; the kit's own files hold float32, int64 and bytes"),
    };
}
