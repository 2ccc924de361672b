using Madtp.Kit.Models;

namespace Madtp.Kit.Cost;

/// <summary>The dimensions of a text transformer: BERT with cross-attention (MED), or CLIP's.</summary>
public sealed record TextDims
{
    /// <summary>Width of a token.</summary>
    public required int Width { get; init; }

    /// <summary>Number of layers.</summary>
    public required int Depth { get; init; }

    /// <summary>Feed-forward width; 0 for four times the width.</summary>
    public int MlpWidth { get; init; }

    /// <summary>Width of an attention head; 64 in every published model.</summary>
    public int HeadWidth { get; init; } = 64;

    /// <summary>Size of the vocabulary that a language-model head answers with.</summary>
    public int Vocabulary { get; init; } = 30524;

    /// <summary>Inner widths of each layer where they differ from layer to layer, else null.</summary>
    public IReadOnlyList<LayerWidths>? Layers { get; init; }

    /// <summary>BERT-base with BLIP's two added tokens.</summary>
    public static TextDims BertBase { get; } = new() { Width = 768, Depth = 12 };

    /// <summary>The inner widths of one layer.</summary>
    public LayerWidths Widths(int layer) => Layers?[layer] ?? new LayerWidths(Width, MlpWidth == 0 ? 4 * Width : MlpWidth);
}
