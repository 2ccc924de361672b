using Madtp.Kit.Madtp;


namespace Madtp.Kit.Cost;

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
    public static long Encode(LedgerBuilder ledger, CostModel model, Pass pass, ReductionPolicy? method)
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
