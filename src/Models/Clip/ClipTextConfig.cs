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

    /// <summary>Attention heads per block.</summary>
    public int Heads { get; init; } = 8;
}
