using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>A small seeded CLIP and inputs for it.</summary>
internal static class TinyClip
{
    public const int Start = 38;
    public const int End = 39;

    public static ClipConfig Config { get; } = new()
    {
        Vision = new VisionTransformerConfig { ImageSize = 24, PatchSize = 4, Width = 12, Depth = 3, Heads = 2 },
        Text = new ClipTextConfig { ContextLength = 20, VocabularySize = 40, Width = 16, Layers = 3, Heads = 2 },
        EmbedWidth = 10,
        Alignment = new AlignmentConfig(6, 14, AlignmentMapping.PerLayer),
        Contrastive = new ContrastiveConfig { QueueSize = 7 },
    };

    public static ClipModel Model(ClipConfig? config = null, int seed = 5)
    {
        manual_seed(seed);
        var model = new ClipModel(config ?? Config);
        model.eval();
        return model;
    }

    public static Tensor Images(int count, int seed = 1)
    {
        manual_seed(seed);
        return randn(count, 3, 24, 24);
    }

    /// <summary>Texts of some lengths (start and end included), zeros behind them, <c>[B, 20]</c>.</summary>
    public static Tensor Texts(int seed, params int[] lengths)
    {
        manual_seed(seed);
        var ids = randint(1, Start, [lengths.Length, 20], dtype: int64);
        for (var i = 0; i < lengths.Length; i++)
        {
            ids[i, 0] = Start;
            ids[i, lengths[i] - 1] = End;
            ids[i, TensorIndex.Slice(lengths[i], 20)] = 0;
        }

        return ids;
    }
}
