namespace Madtp.Kit.Data.Batching;

/// <summary>A batch that will be asked for.</summary>
/// <param name="Epoch">The epoch, which decides the augmentation.</param>
/// <param name="Examples">The examples' numbers.</param>
public sealed record PlannedBatch(int Epoch, IReadOnlyList<int> Examples);
