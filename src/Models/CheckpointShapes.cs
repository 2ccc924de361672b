using System.Globalization;
using Madtp.Kit.Checkpoints;

namespace Madtp.Kit.Models;

/// <summary>The shapes of a checkpoint's tensors by their original names.</summary>
internal sealed class CheckpointShapes
{
    private readonly StateDictionary state;
    private readonly string path;
    private readonly string kind;

    private CheckpointShapes(StateDictionary state, string path, string kind) => (this.state, this.path, this.kind) = (state, path, kind);

    /// <summary>Reads them, telling whose names they are by a few that the model must have.</summary>
    public static CheckpointShapes Read(CheckpointFile file, string kind, params string[] telling) =>
        new(StateDictionary.Read(file, telling), file.Path, kind);

    /// <summary>Whether there is such a tensor.</summary>
    public bool Has(string name) => state.Tensors.ContainsKey(name);

    /// <summary>One of a tensor's sizes.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor or size.</exception>
    public int Size(string name, int dimension)
    {
        if (!state.Tensors.TryGetValue(name, out var tensor))
        {
            throw state.Missing(name, kind);
        }

        return dimension < tensor.Shape.Count && tensor.Shape[dimension] is > 0 and <= int.MaxValue
            ? (int)tensor.Shape[dimension]
            : throw new InvalidDataException($"{path}: '{name}' has shape [{string.Join(", ", tensor.Shape)}], which none of {kind} has");
    }

    /// <summary>Patches in a row of the square image that a position embedding of <c>[…, 1 + side², D]</c> is for.</summary>
    /// <exception cref="InvalidDataException">The number of patches is no square.</exception>
    public int ImageSide(string positions)
    {
        Size(positions, 0);
        var tokens = state.Tensors[positions].Shape[^2];
        var side = (int)Math.Round(Math.Sqrt(tokens - 1));
        return side > 0 && ((long)side * side) + 1 == tokens
            ? side
            : throw new InvalidDataException($"{path}: '{positions}' is for {tokens} tokens, which are no square of patches and a class token");
    }

    /// <summary>Layers whose tensors begin with <paramref name="prefix"/> and a number.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public int Layers(string prefix)
    {
        var last = state.Tensors.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => int.TryParse(name.AsSpan(prefix.Length, Math.Max(0, name.IndexOf('.', prefix.Length) - prefix.Length)), NumberStyles.None, CultureInfo.InvariantCulture, out var layer) ? layer : -1)
            .DefaultIfEmpty(-1).Max();
        return last >= 0 ? last + 1 : throw new InvalidDataException($"{path}: there is no tensor '{prefix}0…' in it, so it is no checkpoint of {kind}");
    }

    /// <summary>The alignment guidance; null where the checkpoint has none.</summary>
    /// <param name="block">The name of a block, by which a linear map of its own is found.</param>
    public AlignmentConfig? Alignment(string block) => Has("space_dict")
        ? new AlignmentConfig(Size("space_dict", 0), Size("space_dict", 1), Has($"{block}query_model.q_map.0.weight") ? AlignmentMapping.PerLayer : AlignmentMapping.None)
        : null;
}
