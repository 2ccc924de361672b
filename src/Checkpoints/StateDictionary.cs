using static Madtp.Kit.Text.Printable;

namespace Madtp.Kit.Checkpoints;

/// <summary>A file's tensors under the names of BLIP's and CLIP's own code, whoever wrote it: the authors, OpenAI, open_clip,
/// Hugging Face or the kit. Whatever stands before the names is found: a key of the training script's
/// (<c>model_state_dict</c>), a wrapper's field (<c>_orig_mod</c>, <c>module</c>), or both.</summary>
/// <param name="Container">What stands before the names, such as <c>model.</c>; tensors elsewhere (an optimizer's) are left
/// out.</param>
/// <param name="Others">What stands before as many of the wanted names elsewhere in the file, such as <c>model_ema.</c></param>
/// <param name="Dialect">Whose names the file uses: original, open_clip, Hugging Face CLIP, Hugging Face BLIP.</param>
/// <param name="Tensors">By original name.</param>
/// <param name="Unread">What the file calls the tensors of kinds that are not read, by original name.</param>
internal sealed record StateDictionary(CheckpointFile File, string Container, IReadOnlyList<string> Others, string Dialect,
    IReadOnlyDictionary<string, TensorRecipe> Tensors, IReadOnlyDictionary<string, string> Unread)
{
    // No model has longer names, or more places where its names could begin.
    private const int LongestName = 300;
    private const int MostContainers = 100;

    // Where the same tensors lie in several places, these come first; averaged and other copies after them.
    private static readonly string[] Preferred =
        ["", "model.", "state_dict.", "module.", "model.module.", "state_dict.module.", "state_dict.model.", "model_state_dict."];

    // How each port's names are turned into the original ones.
    private static readonly (string Name, Func<string, HuggingFaceNames.Original?> Rename)[] Dialects =
    [
        ("original", _ => null),
        ("open_clip", name => name.StartsWith("text.", StringComparison.Ordinal)
            ? new HuggingFaceNames.Original(name["text.".Length..]) : null),
        ("Hugging Face CLIP", HuggingFaceNames.Clip),
        ("Hugging Face BLIP", HuggingFaceNames.Blip),
    ];

    /// <summary>Reads the file in the way that finds most of the names a model wants.</summary>
    /// <param name="wanted">The model's own tensor names.</param>
    /// <param name="weights">The key that they lie under, such as <c>model_ema</c>; null lets it be found.</param>
    /// <exception cref="InvalidDataException">Parts of a fused tensor lack or do not fit, or the key has no weights.</exception>
    public static StateDictionary Read(CheckpointFile file, IEnumerable<string> wanted, string? weights = null)
    {
        var names = wanted.SelectMany(WantedNames.Candidates).ToHashSet();
        var key = weights is null ? "" : weights.TrimEnd('.') + ".";
        string[] all = [.. file.Tensors.Select(t => t.Name).Concat(file.Unread.Keys).Where(name => name.Length <= LongestName)];
        var found =
            (from container in Containers(all, names).Where(container => container.StartsWith(key, StringComparison.Ordinal))
             from dialect in Dialects
             let score = all.Where(name => name.StartsWith(container, StringComparison.Ordinal))
                 .Select(name => Original(name, container, dialect.Rename).Name).Where(names.Contains).Distinct().Count()
             orderby score descending
             select (Score: score, Container: container, Dialect: dialect)).ToList();
        Guard.Data(found.Count != 0, $"{file.Path}: there are no weights of this model under '{weights}'");
        var best = found[0];
        var others = found.Where(each => best.Score > 0 && each.Score == best.Score && each.Container != best.Container)
            .Select(each => each.Container).Distinct();
        var unread = file.Unread.Keys.Where(name => name.StartsWith(best.Container, StringComparison.Ordinal))
            .ToLookup(name => Original(name, best.Container, best.Dialect.Rename).Name);
        return new StateDictionary(file, best.Container, [.. others], best.Dialect.Name,
            Recipes(file, best.Container, best.Dialect.Rename, unread.Contains),
            unread.ToDictionary(names => names.Key, names => names.First()));
    }

    /// <summary>The error that a tensor is not there: what was looked for, and the five nearest names in the file.</summary>
    /// <param name="model">What the file would be a checkpoint of, if it had it.</param>
    public InvalidDataException Missing(string name, string model)
    {
        if (Unread.TryGetValue(name, out var unread))
            return new InvalidDataException($"{File.Path}: {CheckpointFile.UnreadTensor(unread, File.Unread[unread])}");

        var (key, value) = File.Values.FirstOrDefault(other => other.Value is PickledObject
            && (other.Key == name || other.Key.EndsWith($".{name}", StringComparison.Ordinal)));
        if (key is not null)
        {
            return new InvalidDataException($"{File.Path}: {Quoted(key)} is no tensor, but {Shown($"{value}")}; load the file "
                + "where it was made, make a torch tensor of each weight (torch.as_tensor) and save again");
        }

        var nearest = File.Tensors.Select(t => t.Name).OrderBy(other => Distance(name, other)).Take(5).Select(Quoted).ToList();
        return new InvalidDataException($"{File.Path}: there is no tensor '{name}' in it, so it is no checkpoint of {model}; "
            + (nearest.Count == 0 ? "it has no tensors at all"
                : $"the nearest of its {File.Tensors.Count} names: {string.Join(", ", nearest)}"));
    }

    private static HuggingFaceNames.Original Original(
        string name, string container, Func<string, HuggingFaceNames.Original?> rename) =>
        rename(name[container.Length..]) ?? new HuggingFaceNames.Original(name[container.Length..]);

    // Whatever stands before a wanted name or before a port's first word, preferred ones first, then in the file's order.
    private static List<string> Containers(string[] all, HashSet<string> names)
    {
        var wanted = names.GetAlternateLookup<ReadOnlySpan<char>>();
        var found = Preferred.ToList();
        foreach (var name in all)
        {
            for (var at = 0; at >= 0; at = name.IndexOf('.', at) + 1 is > 0 and var next ? next : -1)
            {
                var isStart = found.Count < MostContainers && (wanted.Contains(name.AsSpan(at))
                    || name.AsSpan(at).StartsWith("vision_model."));
                if (isStart && !found.Contains(name[..at]))
                    found.Add(name[..at]);
            }
        }

        return found;
    }

    private static Dictionary<string, TensorRecipe> Recipes(
        CheckpointFile file, string container, Func<string, HuggingFaceNames.Original?> rename, Predicate<string> isUnread)
    {
        var parts = new Dictionary<string, SortedList<int, TensorEntry>>();
        foreach (var tensor in file.Tensors.Where(tensor => tensor.Name.StartsWith(container, StringComparison.Ordinal)))
        {
            var original = Original(tensor.Name, container, rename);
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(parts, original.Name, out _);
            list ??= [];
            Guard.Data(list.TryAdd(original.Part, original.IsTransposed ? tensor.Transposed() : tensor),
                $"{file.Path}: {Quoted(tensor.Name)} and {Quoted(list[original.Part].Name)} are both the model's "
                + $"{Quoted(original.Name)}");
        }

        return parts.Where(pair => !isUnread(pair.Key)) // even if it is in part
            .ToDictionary(pair => pair.Key, pair => Recipe(file, pair.Key, pair.Value));
    }

    private static TensorRecipe Recipe(CheckpointFile file, string name, SortedList<int, TensorEntry> parts)
    {
        var entries = parts.Values;
        Guard.Data(parts.Keys[^1] == parts.Count - 1,
            $"{file.Path}: of the model's {Quoted(name)} there is only "
            + $"{string.Join(" and ", entries.Select(part => Quoted(part.Name)))}");
        var doFit = parts.Count == 1 || entries.All(part => part.Type == entries[0].Type && part.Shape.Count > 0
            && part.Shape.Skip(1).SequenceEqual(entries[0].Shape.Skip(1)));
        Guard.Data(doFit, $"{file.Path}: these tensors belong together but do not fit: {string.Join("; ", entries)}");
        return new TensorRecipe([.. entries]);
    }

    // Insertions, deletions and changes that make one name the other; what stands before the other's last words costs little.
    internal static int Distance(string name, string other)
    {
        var row = Enumerable.Range(0, name.Length + 1).ToArray();
        foreach (var unit in other.AsSpan(Math.Max(0, other.Length - (2 * name.Length))))
        {
            var diagonal = row[0]++;
            for (var i = 1; i < row.Length; i++)
            {
                (diagonal, row[i]) = (row[i], name[i - 1] == unit ? diagonal
                    : 1 + Math.Min(diagonal, Math.Min(row[i], row[i - 1])));
            }
        }

        return row[^1];
    }
}
