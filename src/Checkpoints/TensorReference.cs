namespace Madtp.Kit.Checkpoints;

/// <summary>A tensor that a pickle describes: a view of a storage.</summary>
internal sealed record TensorReference(StorageReference Storage, long FirstElement, TensorLayout Layout);
