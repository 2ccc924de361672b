using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Madtp.Kit.Data;
using static Madtp.Kit.Text.Printable;

namespace Madtp.Kit.Checkpoints;

/// <summary>The file formats that <see cref="CheckpointFile.Open"/> tells apart by their first bytes.</summary>
public enum CheckpointFormat
{
    /// <summary>A JSON header and raw bytes.</summary>
    Safetensors,
    /// <summary>What <c>torch.save</c> writes since PyTorch 1.6: a zip archive with a pickle and one entry per storage.</summary>
    PyTorchZip,
    /// <summary>What <c>torch.save</c> wrote before: pickles in a row, then the storages.</summary>
    PyTorchLegacy,
    /// <summary>What <c>torch.jit.save</c> writes, such as OpenAI's CLIP files: its tensors are read, its code never.</summary>
    TorchScript,
}

/// <summary>A checkpoint on disk: the names, types and shapes of its tensors at once, their bytes when asked for. Reads
/// safetensors, PyTorch's <c>.pth</c> (zip and legacy) and TorchScript archives. Whatever a file holds, nothing in it is executed
/// or constructed: what is neither tensor nor plain value stands in <see cref="Values"/> as a
/// <see cref="PickledObject"/>.</summary>
public sealed class CheckpointFile : IDisposable
{
    private readonly FileBytes bytes;
    private readonly Dictionary<string, TensorEntry> byName;

    /// <summary>What a reader found in a file.</summary>
    internal CheckpointFile(FileBytes bytes, CheckpointFormat format, IReadOnlyList<TensorEntry> tensors)
    {
        (this.bytes, Format, Tensors) = (bytes, format, tensors);
        byName = tensors.ToDictionary(t => t.Name);
    }

    /// <summary>The file's path, as it was given.</summary>
    public string Path => bytes.Path;

    /// <summary>The file's size in bytes.</summary>
    public long Length => bytes.Length;

    public CheckpointFormat Format { get; }

    /// <summary>Every tensor, in the file's order; nested dictionaries give dotted names (<c>model.logit_scale</c>).</summary>
    public IReadOnlyList<TensorEntry> Tensors { get; }

    /// <summary>Tensors of kinds that no model here has, by name: <c>sparse</c>, <c>torch.ComplexFloatStorage [2]</c>,
    /// <c>F8_E4M3 [2]</c>.</summary>
    public IReadOnlyDictionary<string, string> Unread { get; internal init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What else the file holds, by dotted name: null, bool, long, BigInteger, double, string, byte[] or
    /// <see cref="PickledObject"/>.</summary>
    public IReadOnlyDictionary<string, object?> Values { get; internal init; } = ReadOnlyDictionary<string, object?>.Empty;

    /// <summary>The metadata of a safetensors file; empty for other formats.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; internal init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <exception cref="InvalidDataException">The file has none, or one of a kind that is not read.</exception>
    public TensorEntry this[string name] => byName.TryGetValue(name, out var entry) ? entry
        : throw bytes.Broken(Unread.TryGetValue(name, out var kind) ? UnreadTensor(name, kind)
            : $"there is no tensor {Quoted(name)} in it");

    /// <summary>Opens a file and reads its table of contents.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is not a checkpoint, or is damaged; the message says where.</exception>
    public static CheckpointFile Open(string path)
    {
        var bytes = new FileBytes(path);
        try
        {
            return Read(bytes);
        }
        catch (Exception e)
        {
            bytes.Dispose();
            if (e is InvalidDataException && !e.Message.StartsWith($"{path}: ", StringComparison.Ordinal))
                throw new InvalidDataException($"{path}: {e.Message}", e);

            throw;
        }
    }

    /// <summary>The tensor of this name, if there is one.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorEntry? entry) => byName.TryGetValue(name, out entry);

    /// <summary>A number, plain or a scalar tensor, such as MADTP's <c>temperature</c>; null if absent.</summary>
    /// <exception cref="InvalidDataException">There is something of this name, but it is not one number.</exception>
    public double? Number(string name) => TryGet(name, out var entry)
        ? entry.ElementCount == 1 ? entry.ToArray()[0]
            : throw bytes.Broken($"{Quoted(name)} is a tensor of shape {Sizes(entry.Shape)}, not a number")
        : !Values.TryGetValue(name, out var value) ? null
        : value switch
        {
            double number => number,
            long number => number,
            bool number => number ? 1 : 0,
            BigInteger number => (double)number,
            _ => throw bytes.Broken($"{Quoted(name)} is {Shown($"{value ?? "None"}")}, not a number"),
        };

    public void Dispose() => bytes.Dispose();

    /// <summary>Why a tensor that a model needs cannot be read, and what to do.</summary>
    internal static string UnreadTensor(string name, string kind) =>
        $"the tensor {Quoted(name)} is {kind}, which is not read here; load the file where it was made, convert that "
            + $"tensor to float32 and save again";

    private static CheckpointFile Read(FileBytes bytes)
    {
        Guard.Data(bytes.Length > 0, $"the file is empty");
        string Instead() => PyTorchLegacy.LooksLikePickle(bytes) ? " (it begins as a bare pickle)"
            : ForeignFile.Of(bytes.Take(0, Math.Min(bytes.Length, 24))) is { } what ? $": {what}" : "";
        return ZipDirectory.Recognizes(bytes) ? PyTorchArchive.Read(bytes)
            : PyTorchLegacy.Recognizes(bytes) ? PyTorchLegacy.Read(bytes)
            : SafetensorsReader.Recognizes(bytes) ? SafetensorsReader.Read(bytes)
            : throw new InvalidDataException(
                "not a checkpoint the kit reads: it begins neither as a safetensors file nor as one that torch.save or "
                    + $"torch.jit.save wrote{Instead()}");
    }
}
