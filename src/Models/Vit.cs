using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Sizes of a vision transformer, BLIP's or CLIP's.</summary>
/// <param name="ImageSize">Side of the square input image in pixels.</param>
/// <param name="PatchSize">Side of a patch in pixels.</param>
/// <param name="Width">D, width of a token.</param>
/// <param name="Depth">Number of blocks.</param>
/// <param name="MlpRatio">Width of the feed-forward part over the width of a token (BLIP; CLIP's is always 4).</param>
/// <param name="DropPath">Probability of skipping a residual branch of the last block in training; earlier blocks skip linearly
/// less (BLIP).</param>
public sealed record VisionTransformerConfig(
    int ImageSize = 384, int PatchSize = 16, int Width = 768, int Depth = 12, int Heads = 12, double MlpRatio = 4,
    double DropPath = 0)
{
    /// <summary>Patches per image, without the class token.</summary>
    public int Patches => ImageSize / PatchSize * (ImageSize / PatchSize);

    /// <summary>ViT-B/16 at a given resolution.</summary>
    public static VisionTransformerConfig Base(int imageSize = 384) => new() { ImageSize = imageSize };

    /// <summary>The toy world's: 64² pixels in patches of 8², width 64, three blocks of four heads.</summary>
    public static VisionTransformerConfig Toy { get; } =
        new() { ImageSize = 64, PatchSize = 8, Width = 64, Depth = 3, Heads = 4 };

    /// <summary>The world with decoys': 96² pixels in patches of 8², width 64, six blocks of four heads.</summary>
    public static VisionTransformerConfig Decoys { get; } = Toy with { ImageSize = 96, Depth = 6 };

    /// <summary>Refuses images that are not <c>[B, 3, ImageSize, ImageSize]</c>.</summary>
    internal void Check(Tensor images) => Guard.Argument(
        images.shape is [_, 3, var height, var width] && height == ImageSize && width == ImageSize,
        $"images have shape [{string.Join(", ", images.shape)}]; this encoder takes [B, 3, {ImageSize}, {ImageSize}]",
        nameof(images));
}

/// <summary>BLIP's vision transformer. Parameter names are those of its checkpoints.</summary>
public sealed class VisionTransformer(VisionTransformerConfig config, AlignmentConfig? alignment = null) : Part, IRecomputing
{
    private readonly Parameter cls_token = nn.Parameter(randn(1, 1, config.Width) * 0.02);
    private readonly Parameter pos_embed = nn.Parameter(randn(1, config.Patches + 1, config.Width) * 0.02);
    private readonly Sequential patch_embed = nn.Sequential((
        "proj", nn.Conv2d(3, config.Width, kernel_size: config.PatchSize, stride: config.PatchSize)));

    private readonly ModuleList<VisionBlock> blocks = new([.. AlignmentMap.ForLayers(alignment, config.Width, config.Depth)
        .Select((map, layer) => new VisionBlock(config, config.DropPath * layer / Math.Max(1, config.Depth - 1), map))]);

    private readonly LayerNorm norm = nn.LayerNorm(config.Width, eps: 1e-6);

    public VisionTransformerConfig Config { get; } = config;
    public bool Recomputes { get; set; }
    public IReadOnlyList<VisionBlock> Blocks => [.. blocks];

    /// <summary>Encodes images <c>[B, 3, H, W]</c> into normalised tokens <c>[B, N + 1, D]</c>, class token first; fewer where a
    /// reduction is attached.</summary>
    /// <exception cref="ArgumentException">The images do not have the configured size.</exception>
    public TokenState forward(Tensor images)
    {
        Config.Check(images);
        var patches = patch_embed.forward(images).flatten(2).transpose(1, 2); // [B, N, D], from the top left
        var tokens = new TokenState(cat([cls_token.expand(images.shape[0], -1, -1), patches], 1) + pos_embed); // [B, N + 1, D]
        tokens = BlockStack.Run(
            blocks, tokens, (block, state) => block.forward(state), Recomputes, training && Config.DropPath > 0);
        return tokens with { X = norm.forward(tokens.X) };
    }
}

/// <summary>One block of BLIP's vision transformer.</summary>
/// <param name="dropPath">Probability of skipping a residual branch in training.</param>
public sealed class VisionBlock(VisionTransformerConfig config, double dropPath = 0, AlignmentMap? queryModel = null)
    : PreNormBlock(queryModel, dropPath)
{
    private readonly LayerNorm norm1 = nn.LayerNorm(config.Width, eps: 1e-6);
    private readonly VisionAttention attn = new(config.Width, config.Heads);
    private readonly LayerNorm norm2 = nn.LayerNorm(config.Width, eps: 1e-6);
    private readonly FeedForward mlp = new(
        config.Width, (int)(config.Width * config.MlpRatio), ("fc1", "fc2"), ClipActivation.Gelu);

    protected override (LayerNorm, FusedAttention, LayerNorm, FeedForward) Parts => (norm1, attn, norm2, mlp);
}

/// <summary>Self-attention of a BLIP vision block.</summary>
public sealed class VisionAttention(int width, int heads) : FusedAttention(width, heads)
{
    private readonly Linear qkv = nn.Linear(width, 3 * width);
    private readonly Linear proj = nn.Linear(width, width);

    protected override Tensor Project(Tensor tokens) => Products.Linear(qkv, tokens);

    internal override Tensor Output(Tensor joined) => Products.Linear(proj, joined);
}

/// <summary>Feed-forward part of a pre-norm block: tokens are widened, activated and narrowed again.</summary>
public sealed class FeedForward : nn.Module<Tensor, Tensor>
{
    private readonly Linear[] layers; // a field of its own would give a layer a second name
    private readonly bool isQuick;

    /// <param name="names">What the checkpoints call them.</param>
    public FeedForward(int width, int hidden, (string Widen, string Narrow) names, ClipActivation activation)
        : base(nameof(FeedForward))
    {
        isQuick = activation == ClipActivation.QuickGelu;
        layers = [nn.Linear(width, hidden), nn.Linear(hidden, width)];
        register_module(names.Widen, Widen);
        register_module(names.Narrow, Narrow);
    }

    internal Linear Widen => layers[0];
    internal Linear Narrow => layers[1];

    /// <summary><c>[B, N, D]</c> to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor tokens) => Products.Linear(
        Narrow, isQuick ? Products.QuickGelu(Products.Linear(Widen, tokens)) : Products.LinearGelu(Widen, tokens));
}
