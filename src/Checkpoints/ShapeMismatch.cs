namespace Madtp.Kit.Checkpoints;

/// <summary>A tensor that has one shape in the model and another in the file.</summary>
/// <param name="Name">The model's name for it.</param>
/// <param name="Expected">The model's shape.</param>
/// <param name="Found">The file's shape.</param>
public sealed record ShapeMismatch(string Name, IReadOnlyList<long> Expected, IReadOnlyList<long> Found)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} is {TensorLayout.Describe(Expected)} in the model, {TensorLayout.Describe(Found)} in the file";
}
