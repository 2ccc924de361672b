using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>Small seeded models and inputs for tests.</summary>
internal static class TinyModels
{
    public static BlipConfig Config { get; } = new()
    {
        Vision = new VisionTransformerConfig { ImageSize = 24, PatchSize = 4, Width = 16, Depth = 3, Heads = 2, MlpRatio = 2 },
        Text = new BertConfig { VocabularySize = 40, Width = 16, Layers = 3, Heads = 2, FeedForwardWidth = 32, MaxPositions = 24, EncoderWidth = 16, FirstMergeLayer = 2 },
        Alignment = new AlignmentConfig(6, 16),
    };

    public static BlipNlvr Nlvr(int seed = 3)
    {
        manual_seed(seed);
        var model = new BlipNlvr(Config);
        model.eval();
        return model;
    }

    /// <summary>Images, ids and mask of <paramref name="lengths"/>.Length statements, padded to the longest.</summary>
    public static (Tensor Images, Tensor Ids, Tensor Mask) Batch(int seed, params int[] lengths)
    {
        manual_seed(seed);
        var images = randn(2 * lengths.Length, 3, 24, 24);
        var longest = lengths.Max();
        var ids = randint(5, 40, [lengths.Length, longest], dtype: int64);
        var mask = zeros(lengths.Length, longest);
        for (var i = 0; i < lengths.Length; i++)
            mask[i, TensorIndex.Slice(0, lengths[i])] = 1;

        return (images, (ids * mask.to(int64)), mask);
    }
}
