using Madtp.Kit.Models;

namespace Madtp.Kit.Cost;

/// <summary>The dimensions of a vision transformer.</summary>
public sealed record VisionDims
{
    /// <summary>Side of the square input, in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Side of a square patch, in pixels.</summary>
    public required int PatchSize { get; init; }

    /// <summary>Width of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Depth { get; init; }

    /// <summary>Feed-forward width; 0 for four times the width.</summary>
    public int MlpWidth { get; init; }

    /// <summary>Width of an attention head; 64 in every published model.</summary>
    public int HeadWidth { get; init; } = 64;

    /// <summary>Colour channels of the input.</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Inner widths of each block where they differ from block to block, else null.</summary>
    public IReadOnlyList<LayerWidths>? Layers { get; init; }

    /// <summary>Patches of one image.</summary>
    public int Patches => ImageSize / PatchSize * (ImageSize / PatchSize);

    /// <summary>Tokens that enter the first block: the patches and the class token.</summary>
    public int Tokens => Patches + 1;

    /// <summary>ViT-B/16 as BLIP uses it.</summary>
    public static VisionDims Base16(int imageSize) => new() { ImageSize = imageSize, PatchSize = 16, Width = 768, Depth = 12 };

    /// <summary>ViT-L/16 as BLIP uses it.</summary>
    public static VisionDims Large16(int imageSize) => new() { ImageSize = imageSize, PatchSize = 16, Width = 1024, Depth = 24 };

    /// <summary>The inner widths of one block.</summary>
    public LayerWidths Widths(int layer) => Layers?[layer] ?? new LayerWidths(Width, MlpWidth == 0 ? 4 * Width : MlpWidth);
}
