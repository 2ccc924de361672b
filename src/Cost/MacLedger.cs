using Madtp.Kit.Madtp;


namespace Madtp.Kit.Cost;

/// <summary>
/// What a model costs, module by module, counted from its dimensions alone: no tensor is made, so a ledger per sample is cheap.
/// One multiply-add counts 1. Counted are convolutions, linear maps, attention products and layer normalisation (5 per element);
/// not counted are softmax, GELU, biases, residuals, embeddings and gathering.
/// </summary>
public sealed class MacLedger
{
    private MacLedger(CostModel model, TokenCounts? counts, ReductionPolicy? method)
    {
        Model = model;
        Counts = counts;
        Method = method;
        var builder = new LedgerBuilder();
        model.Write(builder, counts ?? TokenCounts.None, method);
        Rows = builder.Rows;
    }

    /// <summary>The dimensions it was counted from.</summary>
    public CostModel Model { get; }

    /// <summary>The token counts of a pruned run, or null for the whole model.</summary>
    public TokenCounts? Counts { get; }

    /// <summary>The policy that pruned it; null where none did, or its own work is not counted.</summary>
    public ReductionPolicy? Method { get; }

    /// <summary>Every module's row, in the order it runs.</summary>
    public IReadOnlyList<LedgerRow> Rows { get; }

    /// <summary>The ledger of a whole model.</summary>
    public static MacLedger For(CostModel model) => new(model, null, null);

    /// <summary>The ledger of a full-size model by its name.</summary>
    /// <exception cref="ArgumentException">No model has this name.</exception>
    public static MacLedger For(string name) => For(CostModels.Named(name));

    /// <summary>
    /// The same model, pruned. Tokens leave a layer in its middle: a vision block after the attention's residual, a BERT layer after the
    /// self-attention's output norm, so attention pays for the tokens that enter and the rest for those that stay.
    /// </summary>
    /// <param name="vision">Tokens after each block, class and merged token included; null where images are not pruned.</param>
    /// <param name="text">Tokens after each text layer; null where the text is not pruned.</param>
    /// <param name="method">The policy, whose own work is counted; null where the tokens are gone for free.</param>
    /// <exception cref="ArgumentException">The counts do not fit the model's layers, or a layer gains tokens.</exception>
    public MacLedger WithTokens(IReadOnlyList<int>? vision, IReadOnlyList<int>? text, ReductionPolicy? method) =>
        WithTokens(TokenCounts.Alike(vision, text), method);

    /// <summary>The same model, pruned to counts that may differ from image to image.</summary>
    /// <inheritdoc cref="WithTokens(IReadOnlyList{int}?, IReadOnlyList{int}?, ReductionPolicy?)"/>
    public MacLedger WithTokens(TokenCounts counts, ReductionPolicy? method) => new(Model, counts, method);

    /// <summary>The sum of all rows under one accounting, in multiply-accumulates.</summary>
    public long Total(Accounting accounting)
    {
        long sum = 0;
        foreach (var row in Rows)
        {
            sum = checked(sum + row.Of(accounting));
        }

        return sum;
    }

    /// <summary>The rows' sum of one kind: what alignment, scoring, sorting or merging add.</summary>
    public long Total(Accounting accounting, CostKind kind) => Rows.Where(row => row.Kind == kind).Sum(row => row.Of(accounting));

    /// <summary>The rows as a tree of modules. With <paramref name="sumLayers"/> the layers of an encoder are summed into one.</summary>
    public LedgerNode Tree(bool sumLayers = true) => LedgerNode.Of(Model.Name, Rows, sumLayers);
}
