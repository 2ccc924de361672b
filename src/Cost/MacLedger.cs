using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

/// <summary>What a model costs, module by module, counted from its dimensions alone: no tensor is made, so a ledger per sample is
/// cheap. One multiply-add counts 1. Counted are convolutions, linear maps, attention products and layer normalisation (5 per
/// element); not counted are softmax, GELU, biases, residuals, embeddings and gathering.</summary>
public sealed class MacLedger
{
    internal MacLedger(CostModel model, TokenCounts? counts, ReductionPolicy? method)
    {
        (Model, Counts) = (model, counts);
        var rows = new LedgerRows(model, method);
        model.Write(rows, counts ?? new TokenCounts([], null));
        Rows = rows.Rows;
    }

    /// <summary>The dimensions it was counted from.</summary>
    public CostModel Model { get; }

    /// <summary>The token counts of a pruned run, or null for the whole model.</summary>
    public TokenCounts? Counts { get; }

    /// <summary>Every module's row, in the order it runs.</summary>
    public IReadOnlyList<LedgerRow> Rows { get; }

    /// <summary>The ledger of a whole model.</summary>
    public static MacLedger For(CostModel model) => new(model, null, null);

    /// <summary>The ledger of a full-size model by its name.</summary>
    /// <exception cref="ArgumentException">No model has this name.</exception>
    public static MacLedger For(string name) => For(CostModels.Named(name));

    /// <summary>The same model, pruned. Tokens leave a vision block after the attention's residual, a BERT layer after the
    /// self-attention's output norm: attention pays for the tokens that enter, the rest for those that stay.</summary>
    /// <param name="method">The policy, whose own work is counted; null where the tokens are gone for free.</param>
    /// <exception cref="ArgumentException">The counts do not fit the model's layers, or a layer gains tokens.</exception>
    public MacLedger WithTokens(TokenCounts counts, ReductionPolicy? method) => new(Model, counts, method);

    /// <summary>The sum of all rows under one accounting, in multiply-accumulates.</summary>
    /// <exception cref="OverflowException">It is more than a 64-bit number holds.</exception>
    public long Total(Accounting accounting) => Rows.Sum(row => row.Of(accounting));

    /// <summary>The rows as a tree of modules, an encoder's layers summed.</summary>
    public LedgerNode Tree() => LedgerNode.Of(Model.Name, [.. Rows.Select(row => (row.Module.Split('.'), row))]);
}

/// <summary>What a ledger's total stands for. Every row carries a number for each.</summary>
public enum Accounting
{
    /// <summary>The paper's published convention: the multiply-accumulates of one hard-wired forward pass, without the alignment
    /// guidance. Of a pruned run: everything the answer depends on.</summary>
    Paper,
    /// <summary>The same pass with the alignment guidance (MAG) computed in every layer, scores and features both.</summary>
    PaperWithAlignment,
    /// <summary>One answer, nothing computed twice: no momentum copies, no queues, image keys and values once.</summary>
    Deploy,
    /// <summary>The same in the released code: image keys and values again for every beam, step and pair.</summary>
    ReferenceDeploy,
}

/// <summary>What one module costs, in multiply-accumulates, under each accounting.</summary>
/// <param name="Module">The module's path, in the checkpoints' own names where it has parameters. What token reduction adds has
/// <c>alignment</c> (eq. 1–3) or <c>reduction</c> in it: importance and threshold (eq. 4–9, element-wise work, one operation
/// counted as 1), sort (comparisons), merge; products in these (similarities, weighted sums) end in <c>products</c>.</param>
public sealed record LedgerRow(string Module, long Paper, long PaperWithAlignment, long Deploy, long ReferenceDeploy)
{
    /// <summary>The row's part of one accounting.</summary>
    public long Of(Accounting accounting) =>
        ((ReadOnlySpan<long>)[Paper, PaperWithAlignment, Deploy, ReferenceDeploy])[(int)accounting];

    /// <summary>The sum of two rows, under the first one's name.</summary>
    public LedgerRow Plus(LedgerRow other) => this with
    {
        Paper = Paper + other.Paper,
        PaperWithAlignment = PaperWithAlignment + other.PaperWithAlignment,
        Deploy = Deploy + other.Deploy,
        ReferenceDeploy = ReferenceDeploy + other.ReferenceDeploy,
    };
}

/// <summary>A module in the ledger's tree: its own row if it is a leaf, the sum of its parts otherwise.</summary>
/// <param name="Name">The module's name under its parent; <c>*</c> where layers were summed.</param>
public sealed record LedgerNode(string Name, LedgerRow Sum, IReadOnlyList<LedgerNode> Parts)
{
    internal static LedgerNode Of(string name, IReadOnlyList<(string[] Path, LedgerRow Row)> rows, int depth = 0) => new(
        name,
        rows.Select(one => one.Row).Aggregate((a, b) => a.Plus(b)) with { Module = name },
        [
            .. rows.Where(one => one.Path.Length > depth)
                .GroupBy(one => int.TryParse(one.Path[depth], out _) ? "*" : one.Path[depth])
                .Select(part => Of(part.Key, [.. part], depth + 1)),
        ]);
}

/// <summary>How many tokens leave each layer of a pruned run, the class token and the merged token included.</summary>
/// <param name="Vision">For each image (or one entry for all of them alike) the count after each block.</param>
/// <param name="Text">The count after each text layer; null where the text is not pruned.</param>
/// <param name="TextWithImage">The same of a second pass, which reads the text with its image (retrieval).</param>
public sealed record TokenCounts(
    IReadOnlyList<IReadOnlyList<int>> Vision, IReadOnlyList<int>? Text, IReadOnlyList<int>? TextWithImage = null)
{
    /// <summary>The counts of one image, or null where images are not pruned.</summary>
    public IReadOnlyList<int>? OfImage(int image) => Vision.Count == 0 ? null : Vision[Math.Min(image, Vision.Count - 1)];
}
