using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>A block of numbers that tensors of a pickle share. Where it lies is known at once in a zip archive, at the end in a legacy file.</summary>
internal sealed class StorageReference(ScalarType type, string key, long count)
{
    /// <summary>What one element is.</summary>
    public ScalarType Type { get; } = type;

    /// <summary>The storage's name within the file.</summary>
    public string Key { get; } = key;

    /// <summary>How many elements it has, as the pickle says and the file bears out.</summary>
    public long Count { get; } = count;

    /// <summary>The byte at which it begins; -1 until it is known.</summary>
    public long Start { get; set; } = -1;
}
