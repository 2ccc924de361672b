using Madtp.Kit.Madtp;
using Madtp.Kit.Models;

namespace Madtp.Kit.Cost;

/// <summary>The rows of a vision transformer.</summary>
internal static class VisionRows
{
    /// <summary>A BLIP image encoder: every token is normalised at the end. Returns the number of tokens that leave it.</summary>
    public static long Blip(LedgerBuilder ledger, string name, CostModel model, IReadOnlyList<int>? after, ReductionPolicy? method, Times times)
    {
        var dims = model.Vision;
        Patches(ledger, $"{name}.patch_embed.proj", dims, times);
        var tokens = Blocks(ledger, $"{name}.blocks", BlipNames, model, after, method, times);
        ledger.Norm($"{name}.norm", tokens, dims.Width, times);
        return tokens;
    }

    /// <summary>A CLIP image encoder: normalised before the blocks; at the end the class token alone is normalised and projected.</summary>
    public static void Clip(LedgerBuilder ledger, string name, ClipCost model, IReadOnlyList<int>? after, ReductionPolicy? method, Times times)
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

    private static long Blocks(LedgerBuilder ledger, string name, BlockNames names, CostModel model, IReadOnlyList<int>? after, ReductionPolicy? method, Times times)
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
