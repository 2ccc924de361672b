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
    /// <param name="vision">Tokens after each block, class and merged token included; null where images are not pruned.</param>
    /// <param name="text">Tokens after each text layer; null where the text is not pruned.</param>
    /// <param name="method">The policy, whose own work is counted; null where the tokens are gone for free.</param>
    /// <exception cref="ArgumentException">The counts do not fit the model's layers, or a layer gains tokens.</exception>
    public MacLedger WithTokens(IReadOnlyList<int>? vision, IReadOnlyList<int>? text, ReductionPolicy? method) =>
        WithTokens(new TokenCounts(vision is null ? [] : [vision], text), method);

    /// <summary>The same model, pruned to counts that may differ from image to image.</summary>
    /// <inheritdoc cref="WithTokens(IReadOnlyList{int}?, IReadOnlyList{int}?, ReductionPolicy?)"/>
    public MacLedger WithTokens(TokenCounts counts, ReductionPolicy? method) => new(Model, counts, method);

    /// <summary>The sum of all rows under one accounting, in multiply-accumulates.</summary>
    /// <exception cref="OverflowException">It is more than a 64-bit number holds.</exception>
    public long Total(Accounting accounting) => Rows.Sum(row => row.Of(accounting));

    /// <summary>The rows as a tree of modules. With <paramref name="sumLayers"/> an encoder's layers are summed.</summary>
    public LedgerNode Tree(bool sumLayers = true) => LedgerNode.Of(Model.Name, Rows, sumLayers);
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
    /// <exception cref="ArgumentOutOfRangeException">The accounting is none of the four.</exception>
    public long Of(Accounting accounting) => accounting switch
    {
        Accounting.Paper => Paper,
        Accounting.PaperWithAlignment => PaperWithAlignment,
        Accounting.Deploy => Deploy,
        Accounting.ReferenceDeploy => ReferenceDeploy,
        _ => throw new ArgumentOutOfRangeException(nameof(accounting), accounting, "an unknown accounting"),
    };

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
    /// <summary>The whole tree of some rows. With <paramref name="sumLayers"/> numbered layers become one node
    /// <c>*</c>.</summary>
    internal static LedgerNode Of(string name, IEnumerable<LedgerRow> rows, bool sumLayers) =>
        Gather(name, "", [.. rows.Select(row => (row.Module.Split('.'), row))], 0, sumLayers);

    private static LedgerNode Gather(
        string name, string path, IReadOnlyList<(string[] Parts, LedgerRow Row)> rows, int depth, bool sumLayers)
    {
        var sum = rows.Select(entry => entry.Row).Aggregate((a, b) => a.Plus(b)) with { Module = path };
        var parts = rows.Where(entry => entry.Parts.Length > depth)
            .GroupBy(entry => sumLayers && int.TryParse(entry.Parts[depth], out _) ? "*" : entry.Parts[depth])
            .Select(part => Gather(
                part.Key, path.Length == 0 ? part.Key : $"{path}.{part.Key}", [.. part], depth + 1, sumLayers));
        return new LedgerNode(name, sum, [.. parts]);
    }
}

/// <summary>How many tokens leave each layer of a pruned run, the class token and the merged token included.</summary>
/// <param name="Vision">For each image (or one entry for all of them alike) the count after each block.</param>
/// <param name="Text">The count after each text layer; null where the text is not pruned.</param>
/// <param name="TextWithImage">The same of a second pass, which reads the text with its image (retrieval).</param>
public sealed record TokenCounts(
    IReadOnlyList<IReadOnlyList<int>> Vision, IReadOnlyList<int>? Text, IReadOnlyList<int>? TextWithImage = null)
{
    /// <summary>The counts of one image, or null where images are not pruned.</summary>
    /// <exception cref="ArgumentException">There are several lists, but none for this image.</exception>
    public IReadOnlyList<int>? OfImage(int image) => Vision.Count switch
    {
        0 => null,
        1 => Vision[0],
        _ when image < Vision.Count => Vision[image],
        _ => throw new ArgumentException(
            $"token counts are given for {Vision.Count} images, but the model reads image {image + 1}"),
    };
}
