using Madtp.Kit.Models.Contrastive;

namespace Madtp.Kit.Models.Clip;

/// <summary>Sizes of a CLIP model and what surrounds it in training.</summary>
public sealed record ClipConfig : IPrunableSizes<ClipConfig>
{
    /// <summary>The image encoder.</summary>
    public ClipVisionConfig Vision { get; init; } = new();

    /// <summary>The text encoder.</summary>
    public ClipTextConfig Text { get; init; } = new();

    /// <summary>E, width of the joint space.</summary>
    public int EmbedWidth { get; init; } = 512;

    /// <summary>Alignment guidance; null builds the plain model, as in the official checkpoints.</summary>
    public AlignmentConfig? Alignment { get; init; } = new(Map: AlignmentMapping.PerLayer);

    /// <summary>Momentum copies and queues for training; null builds a model that only answers, as in the official checkpoints.</summary>
    public ContrastiveConfig? Contrastive { get; init; } = new();

    /// <summary>Defect 6 of the released code, decided.</summary>
    public MomentumText MomentumText { get; init; }

    /// <summary>What training keeps in the queues; the released code keeps the learning features.</summary>
    public QueuedFeatures Queued { get; init; }

    /// <summary>CLIP ViT-B/32 at 224².</summary>
    public static ClipConfig BasePatch32 { get; } = new() { Vision = new() { PatchSize = 32 } };

    /// <summary>CLIP ViT-B/16 at 224².</summary>
    public static ClipConfig BasePatch16 { get; } = new();

    /// <summary>CLIP ViT-L/14 at 224².</summary>
    public static ClipConfig LargePatch14 { get; } = Large(224);

    /// <summary>CLIP ViT-L/14 at 336², the paper's.</summary>
    public static ClipConfig LargePatch14At336 { get; } = Large(336);

    /// <inheritdoc/>
    public ClipConfig Uncompressed => this with { Vision = Vision with { PrunedWidths = null }, Text = Text with { PrunedWidths = null } };

    /// <summary>The same sizes without alignment guidance and training copies: what an official checkpoint holds.</summary>
    public ClipConfig Plain() => this with { Alignment = null, Contrastive = null };

    /// <summary>The same sizes, trained as the released code does it, its defects included.</summary>
    public ClipConfig AsReleased() => this with { MomentumText = MomentumText.OnlineTransformer, Queued = QueuedFeatures.Online };

    /// <inheritdoc/>
    public IReadOnlyList<LayerWidths> Widths(ModelTower tower) => tower switch
    {
        ModelTower.Image => [.. Enumerable.Range(0, Vision.Layers).Select(Vision.Widths)],
        ModelTower.Text => [.. Enumerable.Range(0, Text.Layers).Select(Text.Widths)],
        _ => throw new ArgumentException("CLIP has an image and a text encoder, but no decoder", nameof(tower)),
    };

    /// <inheritdoc/>
    public ClipConfig WithWidths(ModelTower tower, IReadOnlyList<LayerWidths>? widths) => tower switch
    {
        ModelTower.Image => this with { Vision = Vision with { PrunedWidths = widths } },
        ModelTower.Text => this with { Text = Text with { PrunedWidths = widths } },
        _ => throw new ArgumentException("CLIP has an image and a text encoder, but no decoder", nameof(tower)),
    };

    private static ClipConfig Large(int imageSize) => new()
    {
        Vision = new() { ImageSize = imageSize, PatchSize = 14, Width = 1024, Layers = 24, Heads = 16 },
        Text = new() { Width = 768, Heads = 12 },
        EmbedWidth = 768,
    };
}
