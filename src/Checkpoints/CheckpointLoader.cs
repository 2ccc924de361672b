using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// Fills a model from a checkpoint file of any kind the kit reads: names are mapped, half precision becomes the model's own type,
/// an image encoder's position embedding is resized to the model's image size. What does not fit is listed by name, never skipped silently.
/// </summary>
public static class CheckpointLoader
{
    /// <summary>Opens a file and fills a module's parameters and buffers from it.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is not a checkpoint, or is damaged.</exception>
    public static LoadReport Load(nn.Module module, string path)
    {
        using var file = CheckpointFile.Open(path);
        return Load(module.state_dict(), file);
    }

    /// <summary>Fills named tensors, on any device, from an open file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static LoadReport Load(IReadOnlyDictionary<string, Tensor> targets, CheckpointFile file)
    {
        using var unrecorded = no_grad();
        var source = StateDictionary.Read(file, targets.Keys);
        var plan = new Plan(source);
        foreach (var (name, target) in targets)
        {
            plan.Consider(name, target);
        }

        return plan.Carry(file);
    }

    private sealed class Plan(StateDictionary source)
    {
        private readonly TensorCopy copy = new();
        private readonly List<(Tensor Target, Tensor Staged)> staged = [];
        private readonly List<string> loaded = [];
        private readonly List<string> missing = [];
        private readonly List<ShapeMismatch> misShaped = [];
        private readonly List<string> notes = [];
        private readonly HashSet<string> used = [];

        public void Consider(string name, Tensor target)
        {
            var found = WantedNames.Candidates(name).FirstOrDefault(source.Tensors.ContainsKey);
            if (found is null)
            {
                if (!WantedNames.IsComputed(name))
                {
                    missing.Add(name);
                }

                return;
            }

            used.Add(found);
            var recipe = source.Tensors[found];
            if (recipe.Shape.SequenceEqual(target.shape))
            {
                Place(recipe, target);
            }
            else if (PositionEmbedding.IsNamed(name) && PositionEmbedding.CanFit(recipe.Shape, target.shape))
            {
                Resize(name, recipe, target);
            }
            else
            {
                if (!WantedNames.IsComputed(name))
                {
                    misShaped.Add(new ShapeMismatch(name, target.shape, recipe.Shape));
                }

                return;
            }

            loaded.Add(name);
            if (found != name)
            {
                notes.Add($"{name} from {found}");
            }
        }

        public LoadReport Carry(CheckpointFile file)
        {
            copy.Run();
            foreach (var (target, from) in staged)
            {
                using (from)
                {
                    target.copy_(from);
                }
            }

            return new LoadReport
            {
                Path = file.Path,
                Dialect = source.Dialect,
                Loaded = loaded,
                Missing = missing,
                Unexpected = [.. source.Tensors.Keys.Where(name => !used.Contains(name) && !WantedNames.IsComputed(name) && !WantedNames.IsDescription(name))],
                MisShaped = misShaped,
                Notes = notes,
            };
        }

        private void Place(TensorRecipe recipe, Tensor target)
        {
            if (target.device_type == TorchSharp.DeviceType.CPU && target.is_contiguous())
            {
                copy.Add(recipe, target);
                return;
            }

            var stage = empty(target.shape, dtype: target.dtype);
            copy.Add(recipe, stage);
            staged.Add((target, stage));
        }

        private void Resize(string name, TensorRecipe recipe, Tensor target)
        {
            using var stored = empty([.. recipe.Shape], dtype: ScalarType.Float32);
            var single = new TensorCopy();
            single.Add(recipe, stored);
            single.Run();
            using var fitted = PositionEmbedding.Fit(stored, target.shape[^2]);
            target.copy_(fitted);
            notes.Add($"{name} resized from {recipe.Shape[^2]} to {target.shape[^2]} tokens");
        }
    }
}

/// <summary>What became of every tensor when a checkpoint was loaded into a model.</summary>
public sealed record LoadReport
{
    private const int Listed = 20;

    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>Whose names the file uses; see <see cref="StateDictionary.Dialect"/>.</summary>
    public required string Dialect { get; init; }

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
    /// <param name="mayStay">Tensors that may keep their initial numbers: for a model about to be fine-tuned, its new parts.</param>
    /// <returns>This report.</returns>
    /// <exception cref="InvalidDataException">Some were not; the message names them, and what the file has instead.</exception>
    public LoadReport RequireComplete(Func<string, bool>? mayStay = null)
    {
        var missing = Missing.Where(name => mayStay is null || !mayStay(name)).ToList();
        var misShaped = MisShaped.Where(m => mayStay is null || !mayStay(m.Name)).ToList();
        if (missing.Count == 0 && misShaped.Count == 0)
        {
            return this;
        }

        throw new InvalidDataException($"{Path} does not fit the model.{List("missing", missing)}{List("of another shape", misShaped)}{List("in the file only", Unexpected)}");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Path} ({Dialect} names): {Loaded.Count} tensors loaded.{List("missing", Missing)}{List("of another shape", MisShaped)}{List("in the file only", Unexpected)}{List("noted", Notes)}";

    private static string List<T>(string title, IReadOnlyList<T> items) => items.Count == 0
        ? ""
        : $"{Environment.NewLine}  {items.Count} {title}: {string.Join("; ", items.Take(Listed))}{(items.Count > Listed ? $"; and {items.Count - Listed} more" : "")}";
}

/// <summary>A tensor that has one shape in the model and another in the file.</summary>
/// <param name="Name">The model's name for it.</param>
/// <param name="Expected">The model's shape.</param>
/// <param name="Found">The file's shape.</param>
public sealed record ShapeMismatch(string Name, IReadOnlyList<long> Expected, IReadOnlyList<long> Found)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} is {TensorLayout.Describe(Expected)} in the model, {TensorLayout.Describe(Found)} in the file";
}

/// <summary>Fits an image encoder's position embedding to another image size, as BLIP does when it loads a checkpoint.</summary>
public static partial class PositionEmbedding
{
    // The class token.
    private const long ExtraTokens = 1;

    /// <summary>Whether a tensor of this name is an image encoder's position embedding.</summary>
    public static bool IsNamed(string name) => Name().IsMatch(name);

    /// <summary>Whether one shape becomes the other by resizing a square grid of patches: <c>[…, 1 + s², d]</c>.</summary>
    public static bool CanFit(IReadOnlyList<long> from, IReadOnlyList<long> to) =>
        from.Count == to.Count && from.Count is 2 or 3 && from[^1] == to[^1] && (from.Count == 2 || (from[0] == 1 && to[0] == 1))
        && Side(from[^2]) is not null && Side(to[^2]) is not null;

    /// <summary>Resizes the grid of patches by bicubic interpolation; the class token's embedding stays.</summary>
    /// <param name="embedding">[1, 1 + s², d] or [1 + s², d].</param>
    /// <param name="tokens">1 + t², class token included.</param>
    /// <returns>[1, 1 + t², d] or [1 + t², d].</returns>
    /// <exception cref="ArgumentException">The numbers of patches are not squares.</exception>
    public static Tensor Fit(Tensor embedding, long tokens)
    {
        if (embedding.ndim is not (2 or 3) || Side(embedding.shape[^2]) is not { } from || Side(tokens) is not { } to)
        {
            throw new ArgumentException($"a position embedding of shape {TensorLayout.Describe(embedding.shape)} cannot be fitted to {tokens} tokens: patches must form a square");
        }

        using var scope = NewDisposeScope();
        var width = embedding.shape[^1];
        var flat = embedding.reshape(1, -1, width); // [1, 1 + s², d]
        var grid = flat.narrow(1, ExtraTokens, from * from).reshape(1, from, from, width).permute(0, 3, 1, 2); // [1, d, s, s]
        var resized = nn.functional.interpolate(grid, [to, to], mode: InterpolationMode.Bicubic, align_corners: false); // [1, d, t, t]
        var patches = resized.permute(0, 2, 3, 1).reshape(1, to * to, width); // [1, t², d]
        var all = cat([flat.narrow(1, 0, ExtraTokens), patches], 1); // [1, 1 + t², d]
        return (embedding.ndim == 2 ? all.squeeze(0) : all).contiguous().MoveToOuterDisposeScope();
    }

    private static long? Side(long tokens)
    {
        var side = (long)Math.Round(Math.Sqrt(tokens - ExtraTokens));
        return side > 0 && side * side == tokens - ExtraTokens ? side : null;
    }

    [GeneratedRegex(@"(^|\.)pos_embed$|^visual(_m)?\.positional_embedding$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
