using Madtp.Kit.Madtp;
using Madtp.Kit.Models;

namespace Madtp.Kit.Cost;

/// <summary>How often a piece of work is done under each accounting.</summary>
/// <param name="Paper">In the published forward pass.</param>
/// <param name="Deploy">For an answer, nothing computed twice.</param>
/// <param name="ReferenceDeploy">For an answer, as the released code does it.</param>
internal readonly record struct Times(long Paper, long Deploy, long ReferenceDeploy)
{
    /// <summary>Once, whatever the accounting.</summary>
    public static readonly Times Once = new(1, 1, 1);

    /// <summary>Only in the published forward pass.</summary>
    public static Times OnPaper(long times) => new(times, 0, 0);

    /// <summary>Only for an answer at inference.</summary>
    public static Times AtInference(long deploy, long reference) => new(0, deploy, reference);
}

/// <summary>Collects a ledger's rows, encoder by encoder. Work of one name is summed, in the order of first mention.</summary>
/// <param name="method">The policy whose own work is counted where tokens go; null counts none.</param>
internal sealed class LedgerRows(CostModel model, ReductionPolicy? method)
{
    private static readonly BlockNames Blip = new("norm1", "qkv", "proj", "norm2", "fc1", "fc2");
    private static readonly BlockNames Clip = new("ln_1", "in_proj", "out_proj", "ln_2", "c_fc", "c_proj");

    private readonly OrderedDictionary<string, LedgerRow> rows = [];
    private readonly AlignmentConfig alignment = model.Alignment ?? new AlignmentConfig(0, 0);

    private sealed record BlockNames(string Norm1, string Qkv, string Projection, string Norm2, string Widen, string Narrow);

    public IReadOnlyList<LedgerRow> Rows => rows.Values;

    /// <summary>Work of the model itself, counted by every accounting as often as it is done.</summary>
    public void Model(string module, long macs, Times times) => Add(module, macs, macs, macs, times);

    /// <summary>Layer normalisation, five per element.</summary>
    public void Norm(string module, long tokens, long width, Times times) => Model(module, 5 * tokens * width, times);

    /// <summary>A linear map of some tokens.</summary>
    public void Linear(string module, long tokens, long input, long output, Times times) =>
        Model(module, tokens * input * output, times);

    /// <summary>A BLIP image encoder: every token is normalised at the end. Returns the number of tokens that leave it.</summary>
    public long BlipImage(string name, VisionTransformerConfig vit, IReadOnlyList<int>? after, Times times)
    {
        Patches($"{name}.patch_embed.proj", vit, times);
        var mlp = (int)(vit.Width * vit.MlpRatio);
        var tokens = Blocks(
            $"{name}.blocks", Blip, "vision", vit.Patches + 1, (vit.Width, vit.Depth, vit.Heads, mlp), after, times);
        Norm($"{name}.norm", tokens, vit.Width, times);
        return tokens;
    }

    /// <summary>A CLIP image encoder: normalised before the blocks; then the class token alone, which is projected.</summary>
    public void ClipImage(string name, VisionTransformerConfig vit, int embedWidth, IReadOnlyList<int>? after, Times times)
    {
        Patches($"{name}.conv1", vit, times);
        Norm($"{name}.ln_pre", vit.Patches + 1, vit.Width, times);
        var sizes = (vit.Width, vit.Depth, vit.Heads, 4 * vit.Width);
        Blocks($"{name}.transformer.resblocks", Clip, "vision", vit.Patches + 1, sizes, after, times);
        Norm($"{name}.ln_post", 1, vit.Width, times);
        Linear($"{name}.proj", 1, vit.Width, embedWidth, times);
    }

    /// <summary>A CLIP text encoder; the names of a momentum copy end in <paramref name="copy"/>.</summary>
    public void ClipText(string copy, ClipTextConfig text, int entering, int embedWidth, IReadOnlyList<int>? after, Times times)
    {
        var sizes = (text.Width, text.Layers, text.Heads, 4 * text.Width);
        var tokens = Blocks($"transformer{copy}.resblocks", Clip, "text", entering, sizes, after, times);
        Norm($"ln_final{copy}", tokens, text.Width, times);
        Linear($"text_projection{copy}", 1, text.Width, embedWidth, times);
    }

    /// <summary>One pass of BERT, alone, with cross-attention or as a decoder. Returns the tokens that leave it.</summary>
    /// <param name="sources">Tokens and width of each encoded input that cross-attention reads: one or two; none if null.</param>
    /// <param name="keyTimes">How often the cross-attention's keys and values are computed: shared by passes over the same input;
    /// as often as the pass if null.</param>
    /// <param name="after">Tokens that leave each layer; null where nothing is pruned.</param>
    /// <param name="decodes">A decoder: no alignment guidance reads it.</param>
    /// <param name="pairs">Query-key pairs of self-attention; all if null, fewer where words come one by one.</param>
    public long Bert(
        string name, BertConfig text, long tokens, Times times, IReadOnlyList<(long Tokens, int Width)>? sources = null,
        Times? keyTimes = null, IReadOnlyList<int>? after = null, bool decodes = false, long? pairs = null)
    {
        CheckCounts("text", (int)tokens, text.Layers, after);
        var width = text.Width;
        Norm($"{name}.embeddings.LayerNorm", tokens, width, times);
        for (var i = 0; i < text.Layers; i++)
        {
            var (layer, left) = ($"{name}.encoder.layer.{i}", after?[i] ?? tokens);
            Attention($"{layer}.attention", "", width, tokens, (tokens, width), pairs ?? tokens * tokens, times, times);
            Norm($"{layer}.attention.output.LayerNorm", tokens, width, times);
            if (!decodes)
                Reduction(layer, tokens, left, after is not null, width, width / text.Heads, times);

            foreach (var (place, source) in (sources ?? []).Index())
            {
                var twin = sources!.Count == 1 ? "" : $"{place}";
                Attention($"{layer}.crossattention", twin, width, left, source, left * source.Tokens, times, keyTimes ?? times);
            }

            if (sources?.Count > 1 && i >= text.FirstMergeLayer)
                Linear($"{layer}.crossattention.output.merge_layer", left, 2L * width, width, times);

            if (sources?.Count > 0)
                Norm($"{layer}.crossattention.output.LayerNorm", left, width, times);

            var hidden = Inner($"{layer}.intermediate", text.FeedForwardWidth);
            Linear($"{layer}.intermediate.dense", left, width, hidden, times);
            Linear($"{layer}.output.dense", left, hidden, width, times);
            Norm($"{layer}.output.LayerNorm", left, width, times);
            tokens = left;
        }

        return tokens;
    }

    /// <summary>The language-model head over some tokens.</summary>
    public void LanguageHead(BertConfig text, long tokens, Times times)
    {
        const string Name = "text_decoder.cls.predictions";
        Linear($"{Name}.transform.dense", tokens, text.Width, text.Width, times);
        Norm($"{Name}.transform.LayerNorm", tokens, text.Width, times);
        Linear($"{Name}.decoder", tokens, text.Width, text.VocabularySize, times);
    }

    /// <summary>Each side of the online and of the momentum pair against a queue of 57,600 and the batch's one entry.</summary>
    public void Queues(int embedWidth, Times times) => Linear("queue.similarities", 4, embedWidth, 57_600 + 1, times);

    private void Patches(string module, VisionTransformerConfig vit, Times times) =>
        Linear(module, vit.Patches, 3L * vit.PatchSize * vit.PatchSize, vit.Width, times);

    // Pre-norm blocks: tokens are removed between the attention's residual and the second norm.
    private long Blocks(
        string name, BlockNames names, string modality, int entering, (int Width, int Depth, int Heads, int Mlp) sizes,
            IReadOnlyList<int>? after, Times times)
    {
        CheckCounts(modality, entering, sizes.Depth, after);
        var width = sizes.Width;
        long tokens = entering;
        for (var layer = 0; layer < sizes.Depth; layer++)
        {
            var (block, left) = ($"{name}.{layer}", after?[layer] ?? tokens);
            var (inner, hidden) = (Inner($"{block}.attn", width), Inner($"{block}.mlp", sizes.Mlp));
            Norm($"{block}.{names.Norm1}", tokens, width, times);
            Linear($"{block}.attn.{names.Qkv}", tokens, width, 3 * inner, times);
            Model($"{block}.attn.scores", tokens * tokens * inner, times);
            Model($"{block}.attn.context", tokens * tokens * inner, times);
            Linear($"{block}.attn.{names.Projection}", tokens, inner, width, times);
            Norm($"{block}.{names.Norm2}", left, width, times);
            Linear($"{block}.mlp.{names.Widen}", left, width, hidden, times);
            Linear($"{block}.mlp.{names.Narrow}", left, hidden, width, times);
            Reduction(block, tokens, left, after is not null, width, width / sizes.Heads, times);
            tokens = left;
        }

        return tokens;
    }

    private void Attention(
        string name, string twin, int width, long tokens, (long Tokens, int Width) read, long pairs, Times times, Times keyTimes)
    {
        var self = $"{name}.self{twin}";
        var inner = Inner(self, width);
        Linear($"{self}.query", tokens, width, inner, times);
        Linear($"{self}.key", read.Tokens, read.Width, inner, keyTimes);
        Linear($"{self}.value", read.Tokens, read.Width, inner, keyTimes);
        Model($"{self}.scores", pairs * inner, times);
        Model($"{self}.context", pairs * inner, times);
        Linear($"{name}.output.dense{twin}", tokens, inner, width, times);
    }

    /// <summary>Alignment guidance and the method's own work around one layer. Where nothing is reduced the guidance is there for
    /// the loss, so no inference pays for it. The published metric of a reduced run traces the graph behind the answer: the
    /// scores of a layer that removes nothing are not on it, neither are the threshold (it becomes a number before it is used)
    /// nor the features (they serve the loss). Deployment pays for the scores in every layer.</summary>
    private void Reduction(string layer, long tokens, long after, bool reduces, long width, long headWidth, Times times)
    {
        var (candidates, removes) = (tokens - 1, after < tokens);
        if (!reduces || method is { NeedsAlignment: true })
        {
            var product = candidates * alignment.Tokens * alignment.Width;
            if (alignment.Map != AlignmentMapping.None)
                Guidance("map", candidates * width * alignment.Width, reduces);

            Guidance("scores", product, reduces);
            Guidance("features", product, isRead: false);
        }

        if (!reduces || method is null)
            return;

        var shape = new LayerShape(candidates, width, headWidth, alignment.Tokens);
        Add($"{layer}.reduction.sort", 0, 0, candidates * Log2Ceiling(candidates), times);
        Part("importance", method.Scorer.Cost(shape));
        Part("threshold", method.Keep.Cost(shape));
        if (removes)
            Part("merge", method.Reducer.Cost(shape, tokens - after));

        void Guidance(string name, long macs, bool isRead) => Add(
            $"{layer}.alignment.{name}", isRead && removes ? macs : 0, macs, isRead ? macs : 0, times);

        // Products lead to the tokens that the answer is made from, so the published metric would see them where tokens go.
        void Part(string name, PartCost cost)
        {
            if (cost.Operations > 0)
                Add($"{layer}.reduction.{name}", 0, 0, cost.Operations, times);

            if (cost.Products > 0)
            {
                var seen = removes ? cost.Products : 0;
                Add($"{layer}.reduction.{name}.products", seen, seen, cost.Products, times);
            }
        }
    }

    private void Add(string module, long paper, long withAlignment, long deploy, Times times)
    {
        var row = new LedgerRow(
            module, paper * times.Paper, withAlignment * times.Paper, deploy * times.Deploy, deploy * times.ReferenceDeploy);
        rows[module] = rows.TryGetValue(module, out var known) ? known.Plus(row) : row;
    }

    // A momentum copy ("visual_m.transformer…") is as wide as what it copies.
    private long Inner(string part, int regular)
    {
        if (model.Widths is not { } widths)
            return regular;

        var root = part.Split('.')[0];
        return widths.GetValueOrDefault(ContrastiveModel.IsOfCopy(part) ? root[..^2] + part[root.Length..] : part, regular);
    }

    // One count for each layer, never more than entered it, never none.
    private static void CheckCounts(string modality, int entering, int depth, IReadOnlyList<int>? after)
    {
        Guard.Argument(after is null || after.Count == depth,
            $"{modality} token counts: {after?.Count} given, but the model has {depth} layers; give the tokens that leave each "
            + $"layer");
        foreach (var (layer, left) in (after ?? []).Index())
        {
            var before = layer == 0 ? entering : after![layer - 1];
            Guard.Argument(left >= 1 && left <= before,
                $"{modality} token counts: {left} tokens after layer {layer + 1}, but {before} entered it; a layer keeps "
                + $"between 1 and all of them");
        }
    }

    private static long Log2Ceiling(long n) => n <= 1 ? 0 : 64 - long.LeadingZeroCount(n - 1);
}
