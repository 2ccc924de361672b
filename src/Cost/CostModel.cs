using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

/// <summary>A model's dimensions and inputs: everything its ledger follows from. Toy models are made by giving other dimensions.</summary>
public abstract record CostModel
{
    /// <summary>The name the ledger is printed under.</summary>
    public required string Name { get; init; }

    /// <summary>The image encoder.</summary>
    public required VisionDims Vision { get; init; }

    /// <summary>The text encoder, and the decoder where there is one.</summary>
    public TextDims Text { get; init; } = TextDims.BertBase;

    /// <summary>The alignment guidance.</summary>
    public AlignmentDims Alignment { get; init; } = new();

    /// <summary>Tokens of the text that is counted, first and last token included.</summary>
    public required int TextTokens { get; init; }

    /// <summary>Writes the model's rows for given token counts.</summary>
    internal abstract void Write(LedgerBuilder ledger, TokenCounts counts, ReductionPolicy? method);
}
