using Madtp.Kit.Models;

namespace Madtp.Kit.Cost;

/// <summary>The rows of a vision transformer.</summary>
internal static class VisionRows
{
    /// <summary>A BLIP image encoder: every token is normalised at the end. Returns the number of tokens that leave it.</summary>
    public static long Blip(LedgerBuilder ledger, string name, CostModel model, IReadOnlyList<int>? after, ReductionCost method, Times times)
    {
        var dims = model.Vision;
        Patches(ledger, $"{name}.patch_embed.proj", dims, times);
        var tokens = Blocks(ledger, $"{name}.blocks", BlipNames, model, after, method, times);
        ledger.Norm($"{name}.norm", tokens, dims.Width, times);
        return tokens;
    }

    /// <summary>A CLIP image encoder: normalised before the blocks; at the end the class token alone is normalised and projected.</summary>
    public static void Clip(LedgerBuilder ledger, string name, ClipCost model, IReadOnlyList<int>? after, ReductionCost method, Times times)
    {
        var dims = model.Vision;
        Patches(ledger, $"{name}.conv1", dims, times);
        ledger.Norm($"{name}.ln_pre", dims.Tokens, dims.Width, times);
        Blocks(ledger, $"{name}.transformer.resblocks", ClipNames, model, after, method, times);
        ledger.Norm($"{name}.ln_post", 1, dims.Width, times);
        ledger.Linear($"{name}.proj", 1, dims.Width, model.EmbedWidth, times);
    }

    /// <summary>Names of a block's parts: first norm, qkv, attention, projection, second norm, the two feed-forward maps.</summary>
    internal sealed record BlockNames(string Norm1, string Qkv, string Attention, string Projection, string Norm2, string Fc1, string Fc2);

    internal static readonly BlockNames BlipNames = new("norm1", "attn.qkv", "attn", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2");

    internal static readonly BlockNames ClipNames = new("ln_1", "attn.in_proj", "attn", "attn.out_proj", "ln_2", "mlp.c_fc", "mlp.c_proj");

    /// <summary>One pre-norm block: tokens are removed between the attention's residual and the second norm.</summary>
    internal static void Block(LedgerBuilder ledger, string block, BlockNames names, long tokens, long after, int width, LayerWidths widths, Times times)
    {
        ledger.Norm($"{block}.{names.Norm1}", tokens, width, times);
        ledger.Linear($"{block}.{names.Qkv}", tokens, width, 3L * widths.Attention, times);
        ledger.Model($"{block}.{names.Attention}.scores", tokens * tokens * widths.Attention, times);
        ledger.Model($"{block}.{names.Attention}.context", tokens * tokens * widths.Attention, times);
        ledger.Linear($"{block}.{names.Projection}", tokens, widths.Attention, width, times);
        ledger.Norm($"{block}.{names.Norm2}", after, width, times);
        ledger.Linear($"{block}.{names.Fc1}", after, width, widths.Mlp, times);
        ledger.Linear($"{block}.{names.Fc2}", after, widths.Mlp, width, times);
    }

    private static void Patches(LedgerBuilder ledger, string module, VisionDims dims, Times times) =>
        ledger.Linear(module, dims.Patches, (long)dims.PatchSize * dims.PatchSize * dims.Channels, dims.Width, times);

    private static long Blocks(LedgerBuilder ledger, string name, BlockNames names, CostModel model, IReadOnlyList<int>? after, ReductionCost method, Times times)
    {
        var dims = model.Vision;
        CountsCheck.Layers("vision", dims.Tokens, dims.Depth, after);
        long tokens = dims.Tokens;
        for (var layer = 0; layer < dims.Depth; layer++)
        {
            var block = $"{name}.{layer}";
            var left = after is null ? tokens : after[layer];
            Block(ledger, block, names, tokens, left, dims.Width, dims.Widths(layer), times);
            if (after is null)
            {
                ReductionRows.Dense(ledger, block, tokens, dims.Width, model.Alignment, times);
            }
            else
            {
                ReductionRows.Reduced(ledger, block, tokens, left, dims.Width, dims.HeadWidth, model.Alignment, method, times);
            }

            tokens = left;
        }

        return tokens;
    }
}

/// <summary>The rows of BERT as BLIP uses it: alone, with cross-attention to one image or two, and as a decoder with a language-model head.</summary>
internal static class BertRows
{
    /// <summary>What one pass reads and how it is done.</summary>
    internal sealed record Pass
    {
        /// <summary>Path of the encoder, "text_encoder".</summary>
        public required string Name { get; init; }

        /// <summary>Tokens that enter it.</summary>
        public required long Tokens { get; init; }

        /// <summary>How often the pass is done.</summary>
        public required Times Times { get; init; }

        /// <summary>Tokens and width of each encoded input that cross-attention reads: none, one or two.</summary>
        public IReadOnlyList<(long Tokens, int Width)> Sources { get; init; } = [];

        /// <summary>How often the cross-attention's keys and values are computed: shared by passes over the same input.</summary>
        public Times KeyTimes { get; init; }

        /// <summary>First layer whose two cross-attention outputs are merged by a linear map instead of averaged.</summary>
        public int MergeFrom { get; init; } = int.MaxValue;

        /// <summary>Tokens that leave each layer; null where nothing is pruned.</summary>
        public IReadOnlyList<int>? After { get; init; }

        /// <summary>Whether the alignment guidance reads this pass (it never reads a decoder).</summary>
        public bool Aligned { get; init; } = true;
    }

    /// <summary>One pass over whole sequences. Returns the number of tokens that leave it.</summary>
    public static long Encode(LedgerBuilder ledger, CostModel model, Pass pass, ReductionCost method)
    {
        var dims = model.Text;
        CountsCheck.Layers("text", (int)pass.Tokens, dims.Depth, pass.After);
        ledger.Norm($"{pass.Name}.embeddings.LayerNorm", pass.Tokens, dims.Width, pass.Times);
        var tokens = pass.Tokens;
        for (var layer = 0; layer < dims.Depth; layer++)
        {
            var name = $"{pass.Name}.encoder.layer.{layer}";
            var left = pass.After is null ? tokens : pass.After[layer];
            SelfAttention(ledger, name, dims, layer, tokens, tokens * tokens, pass.Times);
            if (pass.After is not null)
            {
                ReductionRows.Reduced(ledger, name, tokens, left, dims.Width, dims.HeadWidth, model.Alignment, method, pass.Times);
            }
            else if (pass.Aligned)
            {
                ReductionRows.Dense(ledger, name, tokens, dims.Width, model.Alignment, pass.Times);
            }

            CrossKeys(ledger, name, dims, layer, pass);
            CrossAttention(ledger, name, dims, layer, left, pass);
            FeedForward(ledger, name, dims, layer, left, pass.Times);
            tokens = left;
        }

        return tokens;
    }

    /// <summary>
    /// Token-by-token decoding with self-attention's past kept: <paramref name="tokens"/> inputs in all, which see
    /// <paramref name="pairs"/> query-key pairs among themselves.
    /// </summary>
    public static void Decode(LedgerBuilder ledger, CostModel model, Pass pass, long tokens, long pairs)
    {
        var dims = model.Text;
        ledger.Norm($"{pass.Name}.embeddings.LayerNorm", tokens, dims.Width, pass.Times);
        for (var layer = 0; layer < dims.Depth; layer++)
        {
            var name = $"{pass.Name}.encoder.layer.{layer}";
            SelfAttention(ledger, name, dims, layer, tokens, pairs, pass.Times);
            CrossKeys(ledger, name, dims, layer, pass);
            CrossAttention(ledger, name, dims, layer, tokens, pass);
            FeedForward(ledger, name, dims, layer, tokens, pass.Times);
        }
    }

    /// <summary>The language-model head over some tokens.</summary>
    public static void LanguageHead(LedgerBuilder ledger, string name, TextDims dims, long tokens, Times times)
    {
        ledger.Linear($"{name}.transform.dense", tokens, dims.Width, dims.Width, times);
        ledger.Norm($"{name}.transform.LayerNorm", tokens, dims.Width, times);
        ledger.Linear($"{name}.decoder", tokens, dims.Width, dims.Vocabulary, times);
    }

    private static void SelfAttention(LedgerBuilder ledger, string name, TextDims dims, int layer, long tokens, long pairs, Times times)
    {
        var width = dims.Widths(layer).Attention;
        ledger.Linear($"{name}.attention.self.query", tokens, dims.Width, width, times);
        ledger.Linear($"{name}.attention.self.key", tokens, dims.Width, width, times);
        ledger.Linear($"{name}.attention.self.value", tokens, dims.Width, width, times);
        ledger.Model($"{name}.attention.self.scores", pairs * width, times);
        ledger.Model($"{name}.attention.self.context", pairs * width, times);
        ledger.Linear($"{name}.attention.output.dense", tokens, width, dims.Width, times);
        ledger.Norm($"{name}.attention.output.LayerNorm", tokens, dims.Width, times);
    }

    private static void CrossKeys(LedgerBuilder ledger, string name, TextDims dims, int layer, Pass pass)
    {
        for (var source = 0; source < pass.Sources.Count; source++)
        {
            var (tokens, width) = pass.Sources[source];
            var self = $"{name}.crossattention.self{Twin(pass, source)}";
            ledger.Linear($"{self}.key", tokens, width, dims.Widths(layer).CrossTo(source), pass.KeyTimes);
            ledger.Linear($"{self}.value", tokens, width, dims.Widths(layer).CrossTo(source), pass.KeyTimes);
        }
    }

    private static void CrossAttention(LedgerBuilder ledger, string name, TextDims dims, int layer, long tokens, Pass pass)
    {
        if (pass.Sources.Count == 0)
        {
            return;
        }

        for (var source = 0; source < pass.Sources.Count; source++)
        {
            var width = dims.Widths(layer).CrossTo(source);
            var twin = Twin(pass, source);
            var self = $"{name}.crossattention.self{twin}";
            ledger.Linear($"{self}.query", tokens, dims.Width, width, pass.Times);
            ledger.Model($"{self}.scores", tokens * pass.Sources[source].Tokens * width, pass.Times);
            ledger.Model($"{self}.context", tokens * pass.Sources[source].Tokens * width, pass.Times);
            ledger.Linear($"{name}.crossattention.output.dense{twin}", tokens, width, dims.Width, pass.Times);
        }

        if (layer >= pass.MergeFrom)
        {
            ledger.Linear($"{name}.crossattention.output.merge_layer", tokens, 2L * dims.Width, dims.Width, pass.Times);
        }

        ledger.Norm($"{name}.crossattention.output.LayerNorm", tokens, dims.Width, pass.Times);
    }

    private static void FeedForward(LedgerBuilder ledger, string name, TextDims dims, int layer, long tokens, Times times)
    {
        var width = dims.Widths(layer).Mlp;
        ledger.Linear($"{name}.intermediate.dense", tokens, dims.Width, width, times);
        ledger.Linear($"{name}.output.dense", tokens, width, dims.Width, times);
        ledger.Norm($"{name}.output.LayerNorm", tokens, dims.Width, times);
    }

    private static string Twin(Pass pass, int source) => pass.Sources.Count == 1 ? "" : $"{source}";
}
