using Madtp.Kit.Models;

namespace Madtp.Kit.Cost;

/// <summary>The cost models of BLIP models of any size.</summary>
public static class BlipCosts
{
    /// <summary>BLIP NLVR2 of the given sizes, reading a statement of <paramref name="textTokens"/> tokens.</summary>
    public static NlvrCost Nlvr(BlipConfig config, int textTokens)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new NlvrCost
        {
            Name = "blip-nlvr2",
            Vision = Vision(config.Vision),
            Text = Text(config.Text),
            TextTokens = textTokens,
            MergeFrom = config.Text.FirstMergeLayer,
            Alignment = AlignmentDims.Of(config.Alignment),
        };
    }

    /// <summary>BLIP captioning of the given sizes, on a caption of <paramref name="textTokens"/> tokens.</summary>
    public static CaptionCost Caption(BlipConfig config, int textTokens)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new CaptionCost { Name = "blip-caption", Vision = Vision(config.Vision), Text = Text(config.Decoder), TextTokens = textTokens, Alignment = AlignmentDims.Of(config.Alignment) };
    }

    /// <summary>BLIP VQA of the given sizes, on one image with one question of <paramref name="textTokens"/> tokens and one answer.</summary>
    public static VqaCost Vqa(BlipConfig config, int textTokens)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new VqaCost
        {
            Name = "blip-vqa",
            Vision = Vision(config.Vision),
            Text = Text(config.Text),
            Decoder = Text(config.Decoder),
            TextTokens = textTokens,
            QuestionTokens = textTokens,
            Questions = 1,
            Answers = 1,
            Alignment = AlignmentDims.Of(config.Alignment),
        };
    }

    /// <summary>The dimensions of a vision transformer of any size.</summary>
    internal static VisionDims Vision(VisionTransformerConfig vision) => new() { ImageSize = vision.ImageSize, PatchSize = vision.PatchSize, Width = vision.Width, Depth = vision.Depth, HeadWidth = vision.Width / vision.Heads, MlpWidth = (int)(vision.Width * vision.MlpRatio), Layers = vision.PrunedWidths };

    /// <summary>The dimensions of a text transformer of any size.</summary>
    internal static TextDims Text(BertConfig text) => new() { Width = text.Width, Depth = text.Layers, HeadWidth = text.Width / text.Heads, MlpWidth = text.FeedForwardWidth, Vocabulary = text.VocabularySize, Layers = text.PrunedWidths };
}
