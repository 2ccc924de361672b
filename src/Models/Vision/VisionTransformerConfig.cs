namespace Madtp.Kit.Models.Vision;

/// <summary>Sizes of a BLIP vision transformer.</summary>
public sealed record VisionTransformerConfig
{
    /// <summary>Side of the square input image in pixels.</summary>
    public int ImageSize { get; init; } = 384;

    /// <summary>Side of a patch in pixels.</summary>
    public int PatchSize { get; init; } = 16;

    /// <summary>D, width of a token.</summary>
    public int Width { get; init; } = 768;

    /// <summary>Number of blocks.</summary>
    public int Depth { get; init; } = 12;

    /// <summary>Attention heads per block.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Width of the feed-forward part over the width of a token.</summary>
    public double MlpRatio { get; init; } = 4;

    /// <summary>Probability of skipping a residual branch of the last block in training; earlier blocks skip linearly less.</summary>
    public double DropPath { get; init; }

    /// <summary>Inner widths of each block of a model that parameters were taken out of; null for the regular model.</summary>
    public IReadOnlyList<LayerWidths>? PrunedWidths { get; init; }

    /// <summary>Patches per image, without the class token.</summary>
    public int Patches => ImageSize / PatchSize * (ImageSize / PatchSize);

    /// <summary>The inner widths of one block.</summary>
    public LayerWidths Widths(int layer) => PrunedWidths?[layer] ?? new LayerWidths(Width, (int)(Width * MlpRatio));

    /// <summary>ViT-B/16 at a given resolution.</summary>
    public static VisionTransformerConfig Base(int imageSize = 384) => new() { ImageSize = imageSize };

    /// <summary>ViT-L/16 at a given resolution, as BLIP's large models use it.</summary>
    public static VisionTransformerConfig Large(int imageSize = 384) => new() { ImageSize = imageSize, Width = 1024, Depth = 24, Heads = 16 };
}
