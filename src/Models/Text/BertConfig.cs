namespace Madtp.Kit.Models.Text;

/// <summary>Sizes of a BERT encoder as BLIP uses it (MED: multimodal mixture of encoder and decoder).</summary>
public sealed record BertConfig
{
    /// <summary>Size of the vocabulary; BLIP adds [DEC] and [ENC] to bert-base-uncased's 30,522 pieces.</summary>
    public int VocabularySize { get; init; } = 30524;

    /// <summary>D, width of a token.</summary>
    public int Width { get; init; } = 768;

    /// <summary>Number of layers.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>Attention heads per layer.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Width of the feed-forward part.</summary>
    public int FeedForwardWidth { get; init; } = 3072;

    /// <summary>Longest sequence.</summary>
    public int MaxPositions { get; init; } = 512;

    /// <summary>Added to the variance in every LayerNorm.</summary>
    public double LayerNormEpsilon { get; init; } = 1e-12;

    /// <summary>Width of the image tokens that cross-attention reads.</summary>
    public int EncoderWidth { get; init; } = 768;

    /// <summary>Dropout on hidden states and attention in training.</summary>
    public double Dropout { get; init; }

    /// <summary>Id of the padding piece, whose embedding stays zero at initialisation.</summary>
    public int PaddingId { get; init; }

    /// <summary>First layer that merges two images by a learned layer (NLVR2); earlier ones average.</summary>
    public int FirstMergeLayer { get; init; } = 6;

    /// <summary>Inner widths of each layer of a model that parameters were taken out of; null for the regular model.</summary>
    public IReadOnlyList<LayerWidths>? PrunedWidths { get; init; }

    /// <summary>The inner widths of one layer.</summary>
    public LayerWidths Widths(int layer) => PrunedWidths?[layer] ?? new LayerWidths(Width, FeedForwardWidth);
}
