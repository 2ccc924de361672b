using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data.Images;
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
    private const int HeadWidth = 64;
    private const int ToyHeadWidth = 16;
    private const int NarrowestPublished = 128;
    private const string HeadsNote = "heads";
    private const string ActivationNote = "activation";

    /// <summary>Told, a sentence at a time, what was taken from where.</summary>
    public Action<string>? Say { get; init; }

    /// <summary>What a file of the kit notes beside a model's weights: all that is not as it would be assumed.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Notes(nn.Module model)
    {
        var (vision, (textWidth, textHeads), activation) = model switch
        {
            ClipModel clip => (clip.Config.Vision, (clip.Config.Text.Width, clip.Config.Text.Heads), clip.Config.Activation),
            BlipNlvr blip => Of(blip.Config),
            BlipRetrieval blip => Of(blip.Config),
            BlipCaptioner blip => Of(blip.Config),
            BlipVqa blip => Of(blip.Config),
            _ => (new VisionTransformerConfig(), (HeadWidth, 1), ClipActivation.QuickGelu),
        };
        if ((vision.Heads, textHeads) != (Usual(vision.Width), Usual(textWidth)))
        {
            yield return new(HeadsNote, FormattableString.Invariant($"{vision.Heads},{textHeads}"));
        }

        if (activation != ClipActivation.QuickGelu)
        {
            yield return new(ActivationNote, $"{activation}");
        }

        static (VisionTransformerConfig, (int, int), ClipActivation) Of(BlipConfig config) =>
            (config.Vision, (config.Text.Width, config.Text.Heads), ClipActivation.QuickGelu);
    }

    /// <summary>Heads of the image encoder and of the text transformer, and CLIP's activation.</summary>
    /// <exception cref="InvalidDataException">The config file beside the weights is malformed or names what is not read, or heads
    /// do not divide their width.</exception>
    internal (int Heads, int TextHeads, ClipActivation Activation) Find(
        CheckpointFile file, bool isClip, int width, int textWidth)
    {
        var known = Noted(file, width, textWidth) ?? Beside(file, isClip, width, textWidth)
            ?? new Known(Usual(width), Usual(textWidth), ClipActivation.QuickGelu, string.Empty);
        var (heads, textHeads) = (Heads ?? known.Heads, TextHeads ?? known.TextHeads);
        var activation = Activation ?? known.Activation;
        string[] given = [.. Heads is null ? Array.Empty<string>() : ["--heads"],
            .. Activation is null ? Array.Empty<string>() : ["--activation"]];
        var source = known.From is { Length: > 0 } from
            ? $"as {string.Join(" and ", [.. given, from])} say{(given.Length == 0 ? "s" : "")}"
            : given.Length == (isClip ? 2 : 1) ? $"as {string.Join(" and ", given)} say{(given.Length == 1 ? "s" : "")}"
            : (given.Length == 0 ? "" : $"as {given[0]} says, and otherwise ")
                + $"assumed: no shape and no config file beside the weights tells "
                    + $"({(isClip ? "--heads, --activation" : "--heads")})";
        Require(width, heads, "images", source);
        Require(textWidth, textHeads, "texts", source);
        if (known.From is not null || given.Length > 0)
        {
            Say?.Invoke($"{file.Path}: {heads} attention heads for images and {textHeads} for texts"
                + $"{(isClip ? $", {activation}" : "")}, {source}");
        }

        return (heads, textHeads, activation);
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

    private static void Require(int width, int heads, string what, string source)
    {
        Guard.Data(heads >= 1 && width % heads == 0,
            $"{heads} attention heads for {what}, {source}, do not divide a width of {width}");
    }

    // The kit's own files, which count their steps, note what is not as it would be assumed: then there is nothing to tell.
    private static Known? Noted(CheckpointFile file, int width, int textWidth)
    {
        if (!file.Metadata.ContainsKey("steps"))
        {
            return null;
        }

        var isNoted = file.Metadata.TryGetValue(HeadsNote, out var heads);
        int[] both = isNoted ? Parse(heads!)
            ?? throw new InvalidDataException($"{file.Path}: its heads are no two numbers, but '{heads}'")
            : [Usual(width), Usual(textWidth)];
        var activation = file.Metadata.GetValueOrDefault(ActivationNote) is { } name
            ? Enum.TryParse<ClipActivation>(name, out var value) ? value
                : throw new InvalidDataException($"{file.Path}: '{name}' is no activation")
            : ClipActivation.QuickGelu;
        return new Known(both[0], both[1], activation, null);
    }

    /// <summary>Heads as a person writes them: <c>16</c>, or <c>16,12</c> for images and texts; else null.</summary>
    public static int[]? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int[] heads = [.. text.Split(',')
            .Select(part => int.TryParse(part, NumberStyles.None, null, out var number) ? number : 0)];
        return heads.Length is 1 or 2 && heads.All(number => number > 0) ? heads : null;
    }

    private Known? Beside(CheckpointFile file, bool isClip, int width, int textWidth)
    {
        Config.RequireUsualPixels(Path.Combine(Folder(file), "preprocessor_config.json"));
        foreach (var name in new[] { "open_clip_config.json", "config.json" })
        {
            var path = Path.Combine(Folder(file), name);
            if (!File.Exists(path) || Config.Read(path) is not var (vision, text))
            {
                continue;
            }

            if (vision.Width != width || text.Width != textWidth)
            {
                Say?.Invoke($"{path} is left aside: its model is {vision.Width} and {text.Width} wide (images, texts), "
                    + $"that of the weights {width} and {textWidth}");
                continue;
            }

            Config.RequireUsualPixels(path);
            return new Known(vision.Heads, text.Heads, Config.Of(path, vision.Activation, isClip), name);
        }

        return null;
    }

    private static string Folder(CheckpointFile file) => Path.GetDirectoryName(Path.GetFullPath(file.Path))!;

    private sealed record Known(int Heads, int TextHeads, ClipActivation Activation, string? From);

    // A config file of open_clip or Hugging Face; what it leaves out has the default of those packages.
    private sealed record Config(int Width, int Heads, string Activation)
    {
        public static (Config Vision, Config Text)? Read(string path) => Parse<(Config, Config)?>(path, root =>
        {
            if (Part(root, "model_cfg") is { } model && Part(model, "vision_cfg") is { } image
                && Part(model, "text_cfg") is { } words)
            {
                var width = Number(image, "width", 768);
                var name = model.TryGetProperty("quick_gelu", out var quick) && quick.GetBoolean() ? "quick_gelu" : "gelu";
                return (new Config(width, width / Math.Max(1, Number(image, "head_width", HeadWidth)), name),
                    new Config(Number(words, "width", 512), Number(words, "heads", 8), name));
            }

            if (Part(root, "vision_config") is not { } vision || Part(root, "text_config") is not { } text)
            {
                return null;
            }

            var isBlip = root.TryGetProperty("model_type", out var type) && type.ValueEquals("blip");
            var usual = isBlip ? "gelu" : "quick_gelu";
            return (
                new Config(Number(vision, "hidden_size", 768), Number(vision, "num_attention_heads", 12), Word(vision, usual)),
                new Config(Number(text, "hidden_size", isBlip ? 768 : 512), Number(text, "num_attention_heads", 8),
                    Word(text, usual)));
        });

        /// <summary>Refuses weights whose images were normalised in another way than CLIP's, where a file says so.</summary>
        public static void RequireUsualPixels(string path)
        {
            if (File.Exists(path))
            {
                Parse(path, root => Usual(root, "image_mean", "image_std")
                    && (Part(root, "preprocess_cfg") is not { } pixels || Usual(pixels, "mean", "std")));
            }

            bool Usual(JsonElement json, string mean, string deviation) =>
                Near(json, mean, ImageNormalization.Clip.Mean) && Near(json, deviation, ImageNormalization.Clip.Deviation);

            bool Near(JsonElement json, string name, IReadOnlyList<float> usual)
            {
                if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out var given)
                    || given.ValueKind == JsonValueKind.Null)
                {
                    return true;
                }

                float[] numbers = [.. given.EnumerateArray().Select(number => number.GetSingle())];
                return numbers.Length == usual.Count && numbers.Zip(usual).All(pair => Math.Abs(pair.First - pair.Second) < 1e-3f)
                    ? true : throw new InvalidDataException(
                        $"{path}: images of these weights are normalised with a {name} of {given.GetRawText()}, "
                        + "and the kit's with CLIP's, ["
                        + string.Join(", ", usual.Select(value => value.ToString(CultureInfo.InvariantCulture))) + "]"
                        + ": other weights are needed");
            }
        }

        private static T Parse<T>(string path, Func<JsonElement, T> read)
        {
            try
            {
                using var json = JsonDocument.Parse(File.ReadAllBytes(path));
                return read(json.RootElement);
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"{path}, line {e.LineNumber + 1}: this is no JSON", e);
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException)
            {
                throw new InvalidDataException($"{path}: a size, a number of heads or an activation in it is of another kind", e);
            }
        }

        public static ClipActivation Of(string path, string name, bool isClip) => name switch
        {
            "quick_gelu" when isClip => ClipActivation.QuickGelu,
            "gelu" => isClip ? ClipActivation.Gelu : ClipActivation.QuickGelu,
            _ => throw new InvalidDataException(
                $"{path}: the activation '{name}' is not computed here; "
                    + $"{(isClip ? "CLIP's are quick_gelu and gelu" : "BLIP's is gelu")}"),
        };

        private static JsonElement? Part(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object
            && json.TryGetProperty(name, out var part) && part.ValueKind == JsonValueKind.Object ? part : null;

        private static int Number(JsonElement json, string name, int usual) =>
            json.TryGetProperty(name, out var number) ? number.GetInt32() : usual;

        private static string Word(JsonElement json, string usual) =>
            json.TryGetProperty("hidden_act", out var word) ? word.GetString() ?? usual : usual;
    }
}
