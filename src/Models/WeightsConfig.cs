using Madtp.Kit.Data;
using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Models;

/// <summary>A config file beside weights, by its own names: open_clip's (<c>model_cfg</c>, <c>preprocess_cfg</c>) or one of
/// Hugging Face's. What it leaves out has the default of those packages.</summary>
internal sealed record WeightsConfig(
    string? ModelType, WeightsConfig.OpenClip? ModelCfg, WeightsConfig.Pixels? PreprocessCfg,
    WeightsConfig.Encoder? VisionConfig, WeightsConfig.Encoder? TextConfig, float[]? ImageMean, float[]? ImageStd)
{
    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    internal sealed record OpenClip(Encoder? VisionCfg, Encoder? TextCfg, bool? QuickGelu);

    internal sealed record Encoder(
        int? Width, int? HeadWidth, int? Heads, int? HiddenSize, int? NumAttentionHeads, string? HiddenAct);

    internal sealed record Pixels(float[]? Mean, float[]? Std);

    /// <summary>Width and heads of both encoders, and the activation; null where the file describes no two encoders.</summary>
    public (int Width, int Heads, int TextWidth, int TextHeads, string Activation)? Model => this switch
    {
        { ModelCfg: { VisionCfg: { } image, TextCfg: { } words, QuickGelu: var isQuick } } => (image.Width ?? 768,
            (image.Width ?? 768) / Math.Max(1, image.HeadWidth ?? CheckpointHints.HeadWidth), words.Width ?? 512,
            words.Heads ?? 8, isQuick == true ? "quick_gelu" : "gelu"),
        { VisionConfig: { } image, TextConfig: { } words } => (image.HiddenSize ?? 768, image.NumAttentionHeads ?? 12,
            words.HiddenSize ?? (ModelType == "blip" ? 768 : 512), words.NumAttentionHeads ?? 8,
            image.HiddenAct ?? (ModelType == "blip" ? "gelu" : "quick_gelu")),
        _ => null,
    };

    /// <summary>Reads a file; null where there is none.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public static WeightsConfig? Find(string path) => !File.Exists(path) ? null : JsonRecord.Read<WeightsConfig>(
        path, e => $"{path}, line {e.LineNumber + 1}: not valid JSON ({JsonRecord.Reason(e)})", Names);

    /// <summary>Refuses weights whose images were normalised in another way than CLIP's, where the file says so.</summary>
    public void RequireUsualPixels(string path)
    {
        var (mean, deviation) = (ImageNormalization.Clip.Mean, ImageNormalization.Clip.Deviation);
        Require("image_mean", ImageMean, mean);
        Require("image_std", ImageStd, deviation);
        Require("mean", PreprocessCfg?.Mean, mean);
        Require("std", PreprocessCfg?.Std, deviation);

        void Require(string name, float[]? given, IReadOnlyList<float> usual) => Guard.Data(
            given is null || (given.Length == usual.Count
                && given.Zip(usual).All(pair => Math.Abs(pair.First - pair.Second) < 1e-3f)),
            $"{path}: images of these weights are normalised with a {name} of {Shown(given!)}, and the kit's with CLIP's, "
            + $"{Shown(usual)}: other weights are needed");

        static string Shown(IEnumerable<float> numbers) =>
            $"[{string.Join(", ", numbers.Select(value => value.ToString(CultureInfo.InvariantCulture)))}]";
    }

    /// <summary>The activation of a name.</summary>
    /// <exception cref="InvalidDataException">It is not computed here.</exception>
    public static ClipActivation Activation(string path, string name, bool isClip) => name switch
    {
        "quick_gelu" when isClip => ClipActivation.QuickGelu,
        "gelu" => isClip ? ClipActivation.Gelu : ClipActivation.QuickGelu,
        _ => throw new InvalidDataException($"{path}: the activation '{name}' is not computed here; "
            + (isClip ? "CLIP's are quick_gelu and gelu" : "BLIP's is gelu")),
    };
}
