namespace Madtp.Kit.Models.Clip;

/// <summary>Sizes of CLIP's image encoder.</summary>
public sealed record ClipVisionConfig
{
    /// <summary>Side of the square input image in pixels.</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>Side of a patch in pixels.</summary>
    public int PatchSize { get; init; } = 16;

    /// <summary>D, width of a token.</summary>
    public int Width { get; init; } = 768;

    /// <summary>Number of blocks.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>Inner widths of each block of a model that parameters were taken out of; null for the regular model.</summary>
    public IReadOnlyList<LayerWidths>? PrunedWidths { get; init; }

    /// <summary>Attention heads per block.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Patches per image, without the class token.</summary>
    public int Patches => ImageSize / PatchSize * (ImageSize / PatchSize);

    /// <summary>The inner widths of one block.</summary>
    public LayerWidths Widths(int layer) => PrunedWidths?[layer] ?? new LayerWidths(Width, 4 * Width);
}
