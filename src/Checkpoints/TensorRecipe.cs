using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>How a model's tensor comes out of a file: one stored tensor, or several stacked along the first dimension (split query, key and value).</summary>
public sealed class TensorRecipe
{
    /// <summary>Stacks parts; all but their first sizes must agree.</summary>
    /// <exception cref="InvalidDataException">The parts do not fit together; the message names them.</exception>
    internal TensorRecipe(IReadOnlyList<TensorEntry> parts)
    {
        Parts = parts;
        var first = parts[0];
        if (parts.Any(p => p.Type != first.Type || p.Shape.Count == 0 && parts.Count > 1 || !p.Shape.Skip(1).SequenceEqual(first.Shape.Skip(1))))
        {
            throw new InvalidDataException($"these tensors belong together but do not fit: {string.Join("; ", parts)}");
        }

        Shape = parts.Count == 1 ? first.Shape : [parts.Sum(p => p.Shape[0]), .. first.Shape.Skip(1)];
    }

    /// <summary>The stored tensors, in order.</summary>
    public IReadOnlyList<TensorEntry> Parts { get; }

    /// <summary>The shape of the whole.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>What one stored element is.</summary>
    public ScalarType Type => Parts[0].Type;
}
