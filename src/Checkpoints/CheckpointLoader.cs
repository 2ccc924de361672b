using TorchSharp;
using static Madtp.Kit.Text.Printable;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>Fills a model from any checkpoint: names are mapped, half precision becomes the model's own type, an image encoder's
/// position embedding is resized to the image size. What does not fit is listed by name, never skipped silently.</summary>
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
    /// <param name="targets">The tensors. Of those on the meta device, which have no numbers, only the report is made.</param>
    /// <param name="weights">The key that the weights lie under where a file has several; null lets it be found.</param>
    /// <exception cref="InvalidDataException">It is damaged, or holds a wanted tensor in a way that is not read.</exception>
    public static LoadReport Load(IReadOnlyDictionary<string, Tensor> targets, CheckpointFile file, string? weights = null) =>
        Load(targets, StateDictionary.Read(file, targets.Keys, weights));

    /// <summary>The same from what was found in the file.</summary>
    internal static LoadReport Load(IReadOnlyDictionary<string, Tensor> targets, StateDictionary source)
    {
        using var unrecorded = no_grad();
        var copy = new TensorCopy();
        var staged = new List<(Tensor Target, Tensor Stage)>();
        var (loaded, missing, notes) = (new List<string>(), new List<string>(), new List<string>());
        var misShaped = new List<ShapeMismatch>();
        var used = new HashSet<string>();
        foreach (var (name, target) in targets)
        {
            if (WantedNames.Candidates(name).FirstOrDefault(source.Tensors.ContainsKey) is not { } found)
            {
                if (source.Unread.ContainsKey(name))
                    throw source.Missing(name, "the model");

                missing.Add(name);
                continue;
            }

            used.Add(found);
            var recipe = source.Tensors[found];
            // [1] is a scalar, too
            if (recipe.Shape.SequenceEqual(target.shape) || (IsNumber(recipe.Shape) && IsNumber(target.shape)))
            {
                Plan(recipe, target);
            }
            else if (PositionEmbedding.IsNamed(name) && PositionEmbedding.CanFit(recipe.Shape, target.shape))
            {
                Plan(recipe, target, isResized: true);
                notes.Add($"{name} resized from {recipe.Shape[^2]} to {target.shape[^2]} tokens");
            }
            else
            {
                misShaped.Add(new ShapeMismatch(name, target.shape, recipe.Shape));
                continue;
            }

            loaded.Add(name);
            if (found != name)
                notes.Add($"{name} from {Shown(found)}");
        }

        copy.Run();
        foreach (var (target, stage) in staged)
        {
            using var read = stage;
            using var fitted = read.shape.SequenceEqual(target.shape) ? read.alias()
                : PositionEmbedding.Fit(read, target.shape[^2]);
            target.copy_(fitted);
        }

        notes.AddRange(source.Others.Select(other => $"as many of the names stand under {Quoted(other.TrimEnd('.'))}"));
        return new LoadReport(
            source.File.Path, source.Dialect, source.Container, loaded,
            [.. missing.Where(name => !WantedNames.IsComputed(name))],
            [.. source.Tensors.Keys.Where(name =>
                !used.Contains(name) && !WantedNames.IsComputed(name) && !WantedNames.IsDescription(name))],
            [.. misShaped.Where(each => !WantedNames.IsComputed(each.Name))],
            notes);

        // The elements go to the target itself where its memory takes them as they come.
        void Plan(TensorRecipe recipe, Tensor target, bool isResized = false)
        {
            if (target.device_type == DeviceType.CPU && target.is_contiguous() && !isResized)
            {
                copy.Add(recipe, target);
            }
            else if (target.device_type != DeviceType.META)
            {
                var stage = isResized ? empty([.. recipe.Shape], dtype: ScalarType.Float32, device: CPU)
                    : empty(target.shape, dtype: target.dtype, device: CPU);
                staged.Add((target, stage));
                copy.Add(recipe, stage);
            }
        }
    }

    private static bool IsNumber(IEnumerable<long> shape) => shape.All(size => size == 1);
}

/// <summary>What became of every tensor when a checkpoint was loaded into a model.</summary>
/// <param name="Dialect">Whose names the file uses: original, open_clip, Hugging Face CLIP, Hugging Face BLIP.</param>
/// <param name="Container">What stands before the names in the file.</param>
/// <param name="Loaded">The model's tensors that were filled.</param>
/// <param name="Missing">The model's tensors that the file does not have; they keep what they held.</param>
/// <param name="Unexpected">The file's tensors that the model does not have.</param>
/// <param name="MisShaped">Tensors that both have in different shapes; they keep what they held.</param>
/// <param name="Notes">What was done beyond copying: other tensors in place of missing ones, position embeddings resized.</param>
public sealed record LoadReport(
    string Path, string Dialect, string Container, IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing,
    IReadOnlyList<string> Unexpected, IReadOnlyList<ShapeMismatch> MisShaped, IReadOnlyList<string> Notes)
{
    private const int Listed = 20;

    /// <summary>Whether model and file agree on every tensor.</summary>
    public bool IsExact => Missing.Count == 0 && Unexpected.Count == 0 && MisShaped.Count == 0;

    /// <summary>Insists that every tensor of the model was filled.</summary>
    /// <param name="mayStay">Tensors that may keep their initial numbers: such as new parts to be fine-tuned.</param>
    /// <exception cref="InvalidDataException">Some were not; the message names them, and what the file has instead.</exception>
    public LoadReport RequireComplete(Func<string, bool>? mayStay = null)
    {
        mayStay ??= _ => false;
        var missing = Missing.Where(name => !mayStay(name)).ToList();
        var misShaped = MisShaped.Where(each => !mayStay(each.Name)).ToList();
        Guard.Data(missing.Count + misShaped.Count == 0, $"{Path} does not fit the model.{List("missing", missing)}"
            + $"{List("of another shape", misShaped)}{List("in the file only", [.. Unexpected.Select(Shown)])}");
        return this;
    }

    private static string List<T>(string title, IReadOnlyList<T> items) => items.Count == 0
        ? "" : $"{Environment.NewLine}  {items.Count} {title}: "
            + $"{string.Join("; ", items.Take(Listed))}{(items.Count > Listed ? $"; and {items.Count - Listed} more" : "")}";
}

/// <summary>A tensor that has one shape in the model and another in the file.</summary>
public sealed record ShapeMismatch(string Name, IReadOnlyList<long> Expected, IReadOnlyList<long> Found)
{
    public override string ToString() => $"{Name} is {Sizes(Expected)} in the model, {Sizes(Found)} in the file";
}

/// <summary>Fits an image encoder's position embedding to another image size, as BLIP does when it loads a checkpoint: a class
/// token and a square grid of patches, <c>[1 + s², d]</c> or <c>[1, 1 + s², d]</c>.</summary>
internal static partial class PositionEmbedding
{
    /// <summary>Whether a tensor of this name is an image encoder's position embedding.</summary>
    public static bool IsNamed(string name) => Name().IsMatch(name);

    /// <summary>Whether one shape becomes the other by resizing its grid.</summary>
    public static bool CanFit(IReadOnlyList<long> from, IReadOnlyList<long> to) =>
        from.Count == to.Count && from.Count is 2 or 3 && from[^1] == to[^1] && (from.Count == 2 || (from[0] == 1 && to[0] == 1))
        && Side(from[^2]) is not null && Side(to[^2]) is not null;

    /// <summary>Resizes the grid to 1 + t² tokens by bicubic interpolation; the class token's embedding stays.</summary>
    public static Tensor Fit(Tensor embedding, long tokens)
    {
        using var scope = NewDisposeScope();
        var (from, to, width) = (Side(embedding.shape[^2])!.Value, Side(tokens)!.Value, embedding.shape[^1]);
        var flat = embedding.reshape(1, -1, width); // [1, 1 + s², d]
        var grid = flat.narrow(1, 1, from * from).reshape(1, from, from, width).permute(0, 3, 1, 2); // [1, d, s, s]
        // [1, d, t, t]
        var resized = nn.functional.interpolate(grid, [to, to], mode: InterpolationMode.Bicubic, align_corners: false);
        var patches = resized.permute(0, 2, 3, 1).reshape(1, to * to, width); // [1, t², d]
        var all = cat([flat.narrow(1, 0, 1), patches], 1); // [1, 1 + t², d]
        return (embedding.ndim == 2 ? all.squeeze(0) : all).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Patches in a row of the square that tokens are without the class token; null where they are none.</summary>
    public static long? Side(long tokens)
    {
        var side = (long)Math.Round(Math.Sqrt(tokens - 1));
        return side > 0 && side * side == tokens - 1 ? side : null;
    }

    [GeneratedRegex(@"(^|\.)pos_embed$|^visual(_m)?\.positional_embedding$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
