using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Clip;
using Madtp.Kit.Models.Contrastive;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Toy;

/// <summary>The toy world's CLIP: small enough to train in minutes, competent enough to prune.</summary>
public static class ToyClip
{
    /// <summary>What its weights are called.</summary>
    public const string Name = "toy-clip";

    /// <summary>Its sizes: 64² pixels in patches of 8², width 64, four heads, 3 + 3 layers, E = 64, K = 64, d_k = 64.</summary>
    public static ClipConfig Config { get; } = new()
    {
        Vision = new ClipVisionConfig { ImageSize = ToyScene.Size, PatchSize = ToyScene.PatchSize, Width = 64, Layers = 3, Heads = 4 },
        Text = new ClipTextConfig { ContextLength = 32, VocabularySize = ToyTokens.ClipVocabularySize, Width = 64, Layers = 3, Heads = 4 },
        EmbedWidth = 64,
        Alignment = new AlignmentConfig(Tokens: 64, Width: 64, AlignmentMapping.PerLayer),
        Contrastive = new ContrastiveConfig { QueueSize = 1024, Momentum = 0.99 },
    };

    /// <summary>A model with random weights, ready to be trained.</summary>
    /// <param name="seed">Equal seeds give equal weights.</param>
    public static ClipModel Create(long seed)
    {
        manual_seed(seed);
        return new ClipModel(Config);
    }

    /// <summary>A model that goes on training from weights; its momentum copies begin at them.</summary>
    public static ClipModel Continue(string path, long seed)
    {
        var model = Create(seed);
        ToyWeights.Load(path, model);
        model.RestartCopies();
        return model;
    }

    /// <summary>The trained model that comes with the kit.</summary>
    /// <param name="macShare">Share of multiply-accumulates it was fine-tuned for (0.5); null for the plain model.</param>
    /// <exception cref="FileNotFoundException">No such weights are there; the message says how to train them.</exception>
    public static ToyClipModel Load(double? macShare = null) => Load(ToyWeights.Path(Name, macShare));

    /// <summary>A model trained by <c>./kit train toy-clip</c>.</summary>
    /// <exception cref="InvalidDataException">The file's tensors are not those of this model.</exception>
    public static ToyClipModel Load(string path)
    {
        var model = new ClipModel(Config with { Contrastive = null });
        var notes = ToyWeights.Load(path, model);
        model.eval();
        return new ToyClipModel(model, ToyWeights.Temperature(notes)) { Metadata = notes };
    }
}
