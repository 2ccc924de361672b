using Madtp.Kit.Models;
using Madtp.Kit.Models.Blip;

namespace Madtp.Kit.Cost;

/// <summary>The cost models of BLIP models of any size.</summary>
public static class BlipCosts
{
    /// <summary>BLIP NLVR2 of the given sizes, reading a statement of <paramref name="textTokens"/> tokens.</summary>
    public static NlvrCost Nlvr(BlipConfig config, int textTokens)
    {
        ArgumentNullException.ThrowIfNull(config);
        var (vision, text) = (config.Vision, config.Text);
        return new NlvrCost
        {
            Name = "blip-nlvr2",
            Vision = new VisionDims { ImageSize = vision.ImageSize, PatchSize = vision.PatchSize, Width = vision.Width, Depth = vision.Depth, HeadWidth = vision.Width / vision.Heads, MlpWidth = (int)(vision.Width * vision.MlpRatio), Layers = vision.PrunedWidths },
            Text = new TextDims { Width = text.Width, Depth = text.Layers, HeadWidth = text.Width / text.Heads, MlpWidth = text.FeedForwardWidth, Vocabulary = text.VocabularySize, Layers = text.PrunedWidths },
            TextTokens = textTokens,
            MergeFrom = text.FirstMergeLayer,
            Alignment = config.Alignment is { } alignment
                ? new AlignmentDims(alignment.Tokens, alignment.Width, alignment.Map != AlignmentMapping.None)
                : new AlignmentDims(0, 0),
        };
    }
}
