namespace Madtp.Kit.Models.Clip;

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

    /// <summary>Inner widths of each block of a model that parameters were taken out of; null for the regular model.</summary>
    public IReadOnlyList<LayerWidths>? PrunedWidths { get; init; }

    /// <summary>Attention heads per block.</summary>
    public int Heads { get; init; } = 8;

    /// <summary>The inner widths of one block.</summary>
    public LayerWidths Widths(int layer) => PrunedWidths?[layer] ?? new LayerWidths(Width, 4 * Width);
}
