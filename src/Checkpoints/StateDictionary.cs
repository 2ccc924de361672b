namespace Madtp.Kit.Checkpoints;

/// <summary>
/// A file's tensors under the names that BLIP's and CLIP's own code use, whoever wrote the file: the authors' <c>.pth</c> (under
/// <c>model</c>), OpenAI's archives, open_clip's and Hugging Face's safetensors, the kit's own files.
/// </summary>
public sealed class StateDictionary
{
    // Where a training script may have put the state dictionary.
    private static readonly string[] Containers = ["", "model.", "state_dict.", "module.", "model.module.", "state_dict.module.", "state_dict.model.", "model_state_dict."];

    private static readonly (string Name, Func<string, HuggingFaceNames.Original?> Rename)[] Dialects =
    [
        ("original", _ => null),
        ("open_clip", name => name.StartsWith("text.", StringComparison.Ordinal) ? new HuggingFaceNames.Original(name["text.".Length..]) : null),
        ("Hugging Face CLIP", HuggingFaceNames.Clip),
        ("Hugging Face BLIP", HuggingFaceNames.Blip),
    ];

    private StateDictionary(string container, string dialect, IReadOnlyDictionary<string, TensorRecipe> tensors)
    {
        Container = container;
        Dialect = dialect;
        Tensors = tensors;
    }

    /// <summary>What stands before every name in the file, such as <c>model.</c>; tensors elsewhere (an optimizer's) are left out.</summary>
    public string Container { get; }

    /// <summary>Whose names the file uses: original, open_clip, Hugging Face CLIP, Hugging Face BLIP.</summary>
    public string Dialect { get; }

    /// <summary>Recipes by original name.</summary>
    public IReadOnlyDictionary<string, TensorRecipe> Tensors { get; }

    /// <summary>Reads the file in the way that finds most of the names a model wants.</summary>
    /// <param name="file">The file.</param>
    /// <param name="wanted">The model's own tensor names.</param>
    /// <exception cref="InvalidDataException">Parts of a fused tensor are missing or do not fit.</exception>
    public static StateDictionary Read(CheckpointFile file, IEnumerable<string> wanted)
    {
        var names = wanted.SelectMany(WantedNames.Candidates).ToHashSet();
        var best = (Score: -1, Container: "", Dialect: Dialects[0]);
        foreach (var container in Containers)
        {
            var inside = file.Tensors.Where(t => t.Name.StartsWith(container, StringComparison.Ordinal)).Select(t => t.Name[container.Length..]).ToList();
            foreach (var dialect in Dialects)
            {
                var score = inside.Select(name => dialect.Rename(name)?.Name ?? name).Where(names.Contains).Distinct().Count();
                if (score > best.Score)
                {
                    best = (score, container, dialect);
                }
            }
        }

        return new StateDictionary(best.Container, best.Dialect.Name, Recipes(file, best.Container, best.Dialect.Rename));
    }

    private static Dictionary<string, TensorRecipe> Recipes(CheckpointFile file, string container, Func<string, HuggingFaceNames.Original?> rename)
    {
        var parts = new Dictionary<string, SortedList<int, TensorEntry>>();
        foreach (var tensor in file.Tensors.Where(t => t.Name.StartsWith(container, StringComparison.Ordinal)))
        {
            var name = tensor.Name[container.Length..];
            var original = rename(name) ?? new HuggingFaceNames.Original(name);
            if (!parts.TryGetValue(original.Name, out var list))
            {
                parts.Add(original.Name, list = []);
            }

            if (!list.TryAdd(original.Part, original.IsTransposed ? tensor.Transposed() : tensor))
            {
                throw new InvalidDataException($"{file.Path}: '{tensor.Name}' and '{list[original.Part].Name}' are both the model's '{original.Name}'");
            }
        }

        return parts.ToDictionary(pair => pair.Key, pair => Recipe(file, pair.Key, pair.Value));
    }

    private static TensorRecipe Recipe(CheckpointFile file, string name, SortedList<int, TensorEntry> parts)
    {
        if (parts.Keys[^1] != parts.Count - 1)
        {
            throw new InvalidDataException($"{file.Path}: of the model's '{name}' there is only {string.Join(" and ", parts.Values.Select(p => p.Name))}");
        }

        try
        {
            return new TensorRecipe([.. parts.Values]);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{file.Path}: {e.Message}", e);
        }
    }
}
