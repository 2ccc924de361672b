using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Vision;

/// <summary>BLIP's vision transformer. Parameter names are those of its checkpoints.</summary>
public sealed class VisionTransformer : nn.Module<Tensor, TokenState>, IRecomputing
{
    private readonly Parameter cls_token;
    private readonly Parameter pos_embed;
    private readonly PatchEmbedding patch_embed;
    private readonly ModuleList<VisionBlock> blocks;
    private readonly LayerNorm norm;

    /// <summary>Creates the encoder with random weights.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="alignment">Alignment guidance, if the model has it.</param>
    public VisionTransformer(VisionTransformerConfig config, AlignmentConfig? alignment = null) : base(nameof(VisionTransformer))
    {
        Config = config;
        cls_token = nn.Parameter(randn(1, 1, config.Width) * 0.02);
        pos_embed = nn.Parameter(randn(1, config.Patches + 1, config.Width) * 0.02);
        patch_embed = new PatchEmbedding(config.PatchSize, config.Width);
        var maps = AlignmentMaps.Create(alignment, config.Width, config.Depth);
        blocks = new ModuleList<VisionBlock>([.. Enumerable.Range(0, config.Depth).Select(layer =>
            new VisionBlock(config.Width, config.Heads, config.MlpRatio, config.DropPath * layer / Math.Max(1, config.Depth - 1), maps[layer], config.PrunedWidths?[layer]))]);
        norm = nn.LayerNorm(config.Width, eps: 1e-6);
        RegisterComponents();
    }

    /// <summary>The encoder's sizes.</summary>
    public VisionTransformerConfig Config { get; }

    /// <inheritdoc/>
    public bool Recomputes { get; set; }

    /// <summary>The blocks in order.</summary>
    public IReadOnlyList<VisionBlock> Blocks => [.. blocks];

    /// <summary>Every inner width that can be pruned.</summary>
    /// <param name="name">The encoder's name in its model.</param>
    public IEnumerable<PrunableWidth> PrunableWidths(string name) =>
        blocks.SelectMany((block, layer) => block.PrunableWidths($"{name}.blocks.{layer}", layer, Config.Heads));

    /// <summary>Encodes images <c>[B, 3, H, W]</c> into normalised tokens <c>[B, N + 1, D]</c>, class token first; fewer where a reduction is attached.</summary>
    /// <exception cref="ArgumentException">The images do not have the configured size.</exception>
    public override TokenState forward(Tensor images)
    {
        if (images.shape is not [_, 3, var height, var width] || height != Config.ImageSize || width != Config.ImageSize)
        {
            throw new ArgumentException($"images have shape [{string.Join(", ", images.shape)}]; this encoder takes [B, 3, {Config.ImageSize}, {Config.ImageSize}]", nameof(images));
        }

        var patches = patch_embed.forward(images); // [B, N, D]
        var tokens = new TokenState(cat([cls_token.expand(images.shape[0], -1, -1), patches], 1) + pos_embed); // [B, N + 1, D]
        tokens = BlockStack.Run(blocks, tokens, (block, state) => block.forward(state), Recomputes, training && Config.DropPath > 0);
        return tokens with { X = norm.forward(tokens.X) };
    }
}
