namespace Madtp.Kit.Models;

/// <summary>Sizes of a CLIP model and what surrounds it in training.</summary>
public sealed record ClipConfig
{
    public VisionTransformerConfig Vision { get; init; } = VisionTransformerConfig.Base(224);

    /// <summary>The text encoder.</summary>
    public ClipTextConfig Text { get; init; } = new();

    /// <summary>E, width of the joint space.</summary>
    public int EmbedWidth { get; init; } = 512;

    /// <summary>Alignment guidance; null builds the plain model, as in the official checkpoints.</summary>
    public AlignmentConfig? Alignment { get; init; } = new(Map: AlignmentMapping.PerLayer);

    /// <summary>Momentum copies and queues for training; null builds a model that only answers, as official ones do.</summary>
    public ContrastiveConfig? Contrastive { get; init; } = new();

    /// <summary>What the feed-forward parts compute.</summary>
    public ClipActivation Activation { get; init; }

    /// <summary>Defect 6 of the released code, decided.</summary>
    public MomentumText MomentumText { get; init; }

    /// <summary>What training keeps in the queues; the released code keeps the learning features.</summary>
    public QueuedFeatures Queued { get; init; }

    /// <summary>CLIP ViT-B/32 at 224².</summary>
    public static ClipConfig BasePatch32 { get; } = new() { Vision = VisionTransformerConfig.Base(224) with { PatchSize = 32 } };

    /// <summary>CLIP ViT-B/16 at 224².</summary>
    public static ClipConfig BasePatch16 { get; } = new();

    /// <summary>CLIP ViT-L/14 at 224².</summary>
    public static ClipConfig LargePatch14 { get; } = Large(224);

    /// <summary>CLIP ViT-L/14 at 336², the paper's.</summary>
    public static ClipConfig LargePatch14At336 { get; } = Large(336);

    /// <summary>The toy world's: the toy image encoder, 140 words, three text blocks of width 64, E = K = d_k = 64.</summary>
    public static ClipConfig Toy { get; } = new()
    {
        Vision = VisionTransformerConfig.Toy,
        Text = new ClipTextConfig { ContextLength = 32, VocabularySize = 140, Width = 64, Layers = 3, Heads = 4 },
        EmbedWidth = 64,
        Alignment = new AlignmentConfig(Tokens: 64, Width: 64, AlignmentMapping.PerLayer),
        Contrastive = ContrastiveConfig.Toy,
    };

    /// <summary>The same sizes without alignment guidance and training copies: what an official checkpoint holds.</summary>
    public ClipConfig Plain() => this with { Alignment = null, Contrastive = null };

    /// <summary>The same sizes, trained as the released code does it, its defects included.</summary>
    public ClipConfig AsReleased() => this with { MomentumText = MomentumText.OnlineTransformer, Queued = QueuedFeatures.Online };

    private static ClipConfig Large(int imageSize) => new()
    {
        Vision = new() { ImageSize = imageSize, PatchSize = 14, Width = 1024, Depth = 24, Heads = 16 },
        Text = new() { Width = 768, Heads = 12 },
        EmbedWidth = 768,
    };
}

/// <summary>Sizes of CLIP's text encoder.</summary>
public sealed record ClipTextConfig
{
    /// <summary>Longest text in tokens, start and end included.</summary>
    public int ContextLength { get; init; } = 77;

    /// <summary>Size of the vocabulary; its last id ends a text.</summary>
    public int VocabularySize { get; init; } = 49408;

    /// <summary>D, width of a token.</summary>
    public int Width { get; init; } = 512;

    /// <summary>Number of blocks.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>Attention heads per block.</summary>
    public int Heads { get; init; } = 8;
}

/// <summary>What CLIP's feed-forward parts compute between their two layers. No tensor tells.</summary>
public enum ClipActivation
{
    /// <summary>x · σ(1.702 x): OpenAI's weights.</summary>
    QuickGelu,
    /// <summary>x · Φ(x): most of open_clip's own.</summary>
    Gelu,
}
