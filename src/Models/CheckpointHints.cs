using Madtp.Kit.Checkpoints;
using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>What no shape of a checkpoint's tensors tells. Where it is not given, a file of the kit says it, or else the config
/// file beside the weights (open_clip's <c>open_clip_config.json</c>, Hugging Face's <c>config.json</c>); else it is assumed.
/// Which of these it was is told.</summary>
/// <param name="Weights">The key that the weights lie under, where the file has several, such as <c>model_ema</c>.</param>
/// <param name="Heads">Attention heads of the image encoder.</param>
/// <param name="TextHeads">Attention heads of the text transformer.</param>
/// <param name="Activation">What CLIP's feed-forward parts compute.</param>
public sealed record CheckpointHints(
    string? Weights = null, int? Heads = null, int? TextHeads = null, ClipActivation? Activation = null)
{
    /// <summary>Width of a head in published models.</summary>
    internal const int HeadWidth = 64;

    private const int ToyHeadWidth = 16;
    private const int NarrowestPublished = 128;
    private const string HeadsNote = "heads";
    private const string ActivationNote = "activation";
    private const string Itself = "the file itself";

    /// <summary>Told, a sentence at a time, what was taken from where.</summary>
    public Action<string>? Say { get; init; }

    /// <summary>What a file of the kit notes beside a model's weights: all that is not as it would be assumed.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Notes(nn.Module model)
    {
        var (blip, clip) = (model switch
        {
            BlipNlvr one => one.Config,
            BlipRetrieval one => one.Config,
            BlipCaptioner one => one.Config,
            BlipVqa one => one.Config,
            _ => new BlipConfig(),
        }, (model as ClipModel)?.Config);
        var vision = clip?.Vision ?? blip.Vision;
        var (textWidth, textHeads) = clip is null ? (blip.Text.Width, blip.Text.Heads) : (clip.Text.Width, clip.Text.Heads);
        if ((vision.Heads, textHeads) != (Usual(vision.Width), Usual(textWidth)))
            yield return new(HeadsNote, FormattableString.Invariant($"{vision.Heads},{textHeads}"));

        if (clip is { Activation: not ClipActivation.QuickGelu })
            yield return new(ActivationNote, $"{clip.Activation}");
    }

    /// <summary>Heads of the image encoder and of the text transformer, and CLIP's activation.</summary>
    /// <exception cref="InvalidDataException">The config file beside the weights is malformed or names what is not read, or heads
    /// do not divide their width.</exception>
    internal (int Heads, int TextHeads, ClipActivation Activation) Find(
        CheckpointFile file, bool isClip, int width, int textWidth)
    {
        var known = Noted(file, width, textWidth) ?? Beside(file, isClip, width, textWidth)
            ?? new Known(Usual(width), Usual(textWidth), ClipActivation.QuickGelu, null);
        var (heads, textHeads) = (Heads ?? known.Heads, TextHeads ?? known.TextHeads);
        var activation = Activation ?? known.Activation;
        var options = new[] { ("--heads", Heads is not null), ("--activation", Activation is not null) }[..(isClip ? 2 : 1)]
            .ToLookup(option => option.Item2, option => option.Item1);
        string[] told = known.From is null ? [.. options[true]] : [.. options[true], known.From];
        var said = told.Length == 0 ? "" : $"as {string.Join(" and ", told)} say{(told.Length == 1 ? "s" : "")}";
        var assumed = known.From is not null || !options.Contains(false) ? ""
            : $"{(said.Length == 0 ? "" : ", and otherwise ")}assumed: no shape and no config file beside the weights tells "
                + $"({string.Join(", ", options[false])})";
        var source = said + assumed;
        Require(width, heads, "images");
        Require(textWidth, textHeads, "texts");
        if (known.From != Itself || told.Length > 1)
        {
            Say?.Invoke($"{file.Path}: {heads} attention heads for images and {textHeads} for texts"
                + $"{(isClip ? $", {activation}" : "")}, {source}");
        }

        return (heads, textHeads, activation);

        void Require(int width, int heads, string what) => Guard.Data(heads >= 1 && width % heads == 0,
            $"{heads} attention heads for {what}, {source}, do not divide a width of {width}");
    }

    /// <summary>Says what a loading did beyond copying: what it dropped from before the names, unless published files have it
    /// there; another key that fits as well, embeddings resized, names from elsewhere.</summary>
    internal LoadReport Tell(LoadReport report)
    {
        const int most = 3;
        if (report.Notes.Count > 0 || report.Container is not ("" or "model." or "state_dict."))
        {
            Say?.Invoke($"{report.Path}: weights under {Printable.Quoted(report.Container.TrimEnd('.'))}"
                + string.Concat(report.Notes.TakeLast(most).Select(note => $"; {note}"))
                + (report.Notes.Count > most ? $"; and {report.Notes.Count - most} like these" : ""));
        }

        return report;
    }

    private static int Usual(int width) => Math.Max(1, width / (width < NarrowestPublished ? ToyHeadWidth : HeadWidth));

    // The kit's own files, which count their steps, note what is not as it would be assumed: then there is nothing to tell.
    private static Known? Noted(CheckpointFile file, int width, int textWidth)
    {
        if (!file.Metadata.ContainsKey("steps"))
            return null;

        int[]? both = file.Metadata.TryGetValue(HeadsNote, out var heads) ? Parse(heads) : [Usual(width), Usual(textWidth)];
        Guard.Data(both is { Length: 2 }, $"{file.Path}: its heads are no two numbers, but '{heads}'");
        var activation = file.Metadata.GetValueOrDefault(ActivationNote) is { } name
            ? Enum.TryParse<ClipActivation>(name, out var value) && Enum.IsDefined(value) ? value
                : throw new InvalidDataException($"{file.Path}: '{name}' is no activation")
            : ClipActivation.QuickGelu;
        return new Known(both[0], both[1], activation, Itself);
    }

    /// <summary>Heads as a person writes them: <c>16</c>, or <c>16,12</c> for images and texts; else null.</summary>
    public static int[]? Parse(string text)
    {
        int[] heads = [.. text.Split(',')
            .Select(part => int.TryParse(part, NumberStyles.None, null, out var number) ? number : 0)];
        return heads.Length is 1 or 2 && heads.All(number => number > 0) ? heads : null;
    }

    private Known? Beside(CheckpointFile file, bool isClip, int width, int textWidth)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file.Path))!;
        foreach (var name in new[] { "preprocessor_config.json", "open_clip_config.json", "config.json" })
        {
            var path = Path.Combine(folder, name);
            var config = WeightsConfig.Find(path);
            var model = config?.Model;
            if (model is not null && (model.Value.Width != width || model.Value.TextWidth != textWidth))
            {
                Say?.Invoke($"{path} is left aside: its model is {model.Value.Width} and {model.Value.TextWidth} wide (images, "
                    + $"texts), that of the weights {width} and {textWidth}");
                continue;
            }

            config?.RequireUsualPixels(path);
            if (model is var (_, heads, _, textHeads, activation))
                return new Known(heads, textHeads, WeightsConfig.Activation(path, activation, isClip), name);
        }

        return null;
    }

    private sealed record Known(int Heads, int TextHeads, ClipActivation Activation, string? From);
}
