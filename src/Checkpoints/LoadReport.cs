namespace Madtp.Kit.Checkpoints;

/// <summary>What became of every tensor when a checkpoint was loaded into a model.</summary>
public sealed record LoadReport
{
    private const int Listed = 20;

    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>Whose names the file uses; see <see cref="StateDictionary.Dialect"/>.</summary>
    public required string Dialect { get; init; }

    /// <summary>What stands before the names in the file; see <see cref="StateDictionary.Container"/>.</summary>
    public required string Container { get; init; }

    /// <summary>The model's tensors that were filled.</summary>
    public required IReadOnlyList<string> Loaded { get; init; }

    /// <summary>The model's tensors that the file does not have; they keep what they held.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>The file's tensors that the model does not have.</summary>
    public required IReadOnlyList<string> Unexpected { get; init; }

    /// <summary>Tensors that both have in different shapes; they keep what they held.</summary>
    public required IReadOnlyList<ShapeMismatch> MisShaped { get; init; }

    /// <summary>What was done beyond copying: other tensors used in place of missing ones, position embeddings resized.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Whether model and file agree on every tensor.</summary>
    public bool IsExact => Missing.Count == 0 && Unexpected.Count == 0 && MisShaped.Count == 0;

    /// <summary>Insists that every tensor of the model was filled.</summary>
    /// <param name="mayStay">
    /// Tensors that may keep their initial numbers: for a model about to be fine-tuned, its new parts.
    /// </param>
    /// <returns>This report.</returns>
    /// <exception cref="InvalidDataException">Some were not; the message names them, and what the file has instead.</exception>
    public LoadReport RequireComplete(Func<string, bool>? mayStay = null)
    {
        var missing = Missing.Where(name => mayStay is null || !mayStay(name)).ToList();
        var misShaped = MisShaped.Where(m => mayStay is null || !mayStay(m.Name)).ToList();
        return missing.Count + misShaped.Count == 0
            ? this
            : throw new InvalidDataException($"{Path} does not fit the model.{Lists(missing, misShaped)}");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Path} ({Dialect} names{(Container.Length > 0 ? $" under '{Container[..^1]}'" : "")}): {Loaded.Count} tensors loaded."
        + Lists(Missing, MisShaped) + List("noted", Notes);

    private string Lists(IReadOnlyList<string> missing, IReadOnlyList<ShapeMismatch> misShaped) =>
        List("missing", missing) + List("of another shape", misShaped) + List("in the file only", Unexpected);

    private static string List<T>(string title, IReadOnlyList<T> items) => items.Count == 0
        ? ""
        : $"{Environment.NewLine}  {items.Count} {title}: "
            + $"{string.Join("; ", items.Take(Listed))}{(items.Count > Listed ? $"; and {items.Count - Listed} more" : "")}";
}

/// <summary>A tensor that has one shape in the model and another in the file.</summary>
/// <param name="Name">The model's name for it.</param>
/// <param name="Expected">The model's shape.</param>
/// <param name="Found">The file's shape.</param>
public sealed record ShapeMismatch(string Name, IReadOnlyList<long> Expected, IReadOnlyList<long> Found)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} is {Damage.Shape(Expected)} in the model, {Damage.Shape(Found)} in the file";
}
