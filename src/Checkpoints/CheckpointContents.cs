namespace Madtp.Kit.Checkpoints;

/// <summary>What a reader found in a file.</summary>
internal sealed record CheckpointContents(
    CheckpointFormat Format,
    IReadOnlyList<TensorEntry> Tensors,
    IReadOnlyDictionary<string, object?> Values,
    IReadOnlyDictionary<string, string> Metadata);
