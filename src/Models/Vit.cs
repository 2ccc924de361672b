using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Sizes of a BLIP vision transformer.</summary>
public sealed record VisionTransformerConfig
{
    /// <summary>Side of the square input image in pixels.</summary>
    public int ImageSize { get; init; } = 384;

    /// <summary>Side of a patch in pixels.</summary>
    public int PatchSize { get; init; } = 16;

    /// <summary>D, width of a token.</summary>
    public int Width { get; init; } = 768;

    /// <summary>Number of blocks.</summary>
    public int Depth { get; init; } = 12;

    /// <summary>Attention heads per block.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Width of the feed-forward part over the width of a token.</summary>
    public double MlpRatio { get; init; } = 4;

    /// <summary>Probability of skipping a residual branch of the last block in training; earlier blocks skip linearly less.</summary>
    public double DropPath { get; init; }

    /// <summary>Inner widths of each block of a model that parameters were taken out of; null for the regular model.</summary>
    public IReadOnlyList<LayerWidths>? PrunedWidths { get; init; }

    /// <summary>Patches per image, without the class token.</summary>
    public int Patches => ImageSize / PatchSize * (ImageSize / PatchSize);

    /// <summary>The inner widths of one block.</summary>
    public LayerWidths Widths(int layer) => PrunedWidths?[layer] ?? new LayerWidths(Width, (int)(Width * MlpRatio));

    /// <summary>ViT-B/16 at a given resolution.</summary>
    public static VisionTransformerConfig Base(int imageSize = 384) => new() { ImageSize = imageSize };

    /// <summary>ViT-L/16 at a given resolution, as BLIP's large models use it.</summary>
    public static VisionTransformerConfig Large(int imageSize = 384) => new() { ImageSize = imageSize, Width = 1024, Depth = 24, Heads = 16 };
}

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

/// <summary>One block of a BLIP vision transformer; tokens may be reduced after its attention residual.</summary>
public sealed class VisionBlock : nn.Module<TokenState, TokenState>, IReducibleBlock
{
    private readonly LayerNorm norm1;
    private readonly VisionAttention attn;
    private readonly LayerNorm norm2;
    private readonly VisionFeedForward mlp;
    private readonly AlignmentMap? query_model;
    private readonly double dropPath;

    /// <summary>Creates the block.</summary>
    /// <param name="width">D.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="mlpRatio">Width of the feed-forward part over D.</param>
    /// <param name="dropPath">Probability of skipping a residual branch in training.</param>
    /// <param name="queryModel">The block's own alignment map, if it has one.</param>
    /// <param name="widths">Inner widths of a block that parameters were taken out of.</param>
    public VisionBlock(int width, int heads, double mlpRatio, double dropPath = 0, AlignmentMap? queryModel = null, LayerWidths? widths = null) : base(nameof(VisionBlock))
    {
        norm1 = nn.LayerNorm(width, eps: 1e-6);
        attn = new VisionAttention(width, heads, widths?.Attention);
        norm2 = nn.LayerNorm(width, eps: 1e-6);
        mlp = new VisionFeedForward(width, widths?.Mlp ?? (int)(width * mlpRatio));
        query_model = queryModel;
        this.dropPath = dropPath;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IBlockReducer? Reducer { get; set; }

    /// <inheritdoc/>
    public AlignmentMap? QueryModel => query_model;

    /// <summary>The block's attention and feed-forward part as pruning sees them.</summary>
    /// <param name="name">The block's name in its model, which begins the names of its tensors.</param>
    /// <param name="layer">Its number.</param>
    /// <param name="heads">Its attention heads.</param>
    internal IEnumerable<PrunableWidth> PrunableWidths(string name, int layer, int heads) =>
    [
        new($"{name}.attn", PrunableKind.SelfAttention, ModelTower.Image, layer, attn)
        {
            Heads = heads,
            Projections = 3,
            Rows = [$"{name}.attn.qkv.weight", $"{name}.attn.qkv.bias"],
            Columns = [$"{name}.attn.proj.weight"],
        },
        new($"{name}.mlp", PrunableKind.FeedForward, ModelTower.Image, layer, mlp)
        {
            Rows = [$"{name}.mlp.fc1.weight", $"{name}.mlp.fc1.bias"],
            Columns = [$"{name}.mlp.fc2.weight"],
        },
    ];

    /// <summary>Runs the block: <c>[B, N, D]</c> in, <c>[B, N', D]</c> out, N' ≤ N where a reducer is attached.</summary>
    public override TokenState forward(TokenState input)
    {
        var (attended, record) = attn.Attend(norm1.forward(input.X), input.AttentionBias());
        var tokens = input with { X = input.X + StochasticDepth.DropPath(attended, dropPath, training) };
        tokens = Reducer?.Reduce(input, tokens, record) ?? tokens;
        return tokens with { X = tokens.X + StochasticDepth.DropPath(mlp.forward(norm2.forward(tokens.X)), dropPath, training) };
    }
}

/// <summary>Multi-head self-attention of a BLIP vision block, with one fused projection to queries, keys and values.</summary>
public sealed class VisionAttention : nn.Module, IMaskableWidth
{
    private readonly Linear qkv;
    private readonly Linear proj;
    private readonly int heads;
    private readonly int fullHeadWidth;
    private readonly int headWidth;

    /// <summary>Creates the layer.</summary>
    /// <param name="width">D.</param>
    /// <param name="heads">h.</param>
    /// <param name="innerWidth">Width of queries, keys and values where it is not D: heads that lost dimensions.</param>
    /// <exception cref="ArgumentException">A width does not divide by the heads.</exception>
    public VisionAttention(int width, int heads, int? innerWidth = null) : base(nameof(VisionAttention))
    {
        this.heads = heads;
        fullHeadWidth = HeadWidth.Of(width, heads);
        headWidth = HeadWidth.Of(innerWidth ?? width, heads);
        qkv = nn.Linear(width, 3 * heads * headWidth);
        proj = nn.Linear(heads * headWidth, width);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public int Units => headWidth;

    /// <inheritdoc/>
    public Tensor? WidthMask { get; set; }

    /// <inheritdoc/>
    public Tensor NewMask() => ones(headWidth, dtype: qkv.weight.dtype, device: qkv.weight.device);

    /// <summary>Attends: tokens <c>[B, N, D]</c> and an additive bias on keys <c>[B, 1, 1, N]</c> or null, to <c>[B, N, D]</c> and the record.</summary>
    public (Tensor Output, SelfAttentionRecord Record) Attend(Tensor tokens, Tensor? bias)
    {
        var (batch, length) = (tokens.shape[0], tokens.shape[1]);
        var projected = MixedPrecision.Linear(qkv, tokens).view(batch, length, 3, heads, headWidth).permute(2, 0, 3, 1, 4); // [3, B, h, N, d_h]
        var parts = (WidthMask is null ? projected : projected * WidthMask).unbind(0);
        var attention = ScaledDotProduct.Attend(parts[0], parts[1], parts[2], bias, fullHeadWidth);
        return (MixedPrecision.Linear(proj, ScaledDotProduct.JoinHeads(attention.HeadOutput)), attention);
    }
}

/// <summary>The feed-forward part of a BLIP vision block.</summary>
public sealed class VisionFeedForward : nn.Module<Tensor, Tensor>, IMaskableWidth
{
    private readonly Linear fc1;
    private readonly Linear fc2;

    /// <summary>Creates the two layers.</summary>
    public VisionFeedForward(int width, int hidden) : base(nameof(VisionFeedForward))
    {
        fc1 = nn.Linear(width, hidden);
        fc2 = nn.Linear(hidden, width);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public int Units => (int)fc1.weight.shape[0];

    /// <inheritdoc/>
    public Tensor? WidthMask { get; set; }

    /// <inheritdoc/>
    public Tensor NewMask() => ones(Units, dtype: fc1.weight.dtype, device: fc1.weight.device);

    /// <summary><c>[B, N, D]</c> to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor tokens)
    {
        var hidden = MixedPrecision.Linear(fc1, tokens); // [B, N, hidden]
        return MixedPrecision.Linear(fc2, nn.functional.gelu(WidthMask is null ? hidden : hidden * WidthMask));
    }
}

/// <summary>Cuts an image into patches and projects each to a token.</summary>
public sealed class PatchEmbedding : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d proj;

    /// <summary>Creates the projection.</summary>
    public PatchEmbedding(int patchSize, int width) : base(nameof(PatchEmbedding))
    {
        proj = nn.Conv2d(3, width, kernel_size: patchSize, stride: patchSize);
        RegisterComponents();
    }

    /// <summary>Images <c>[B, 3, H, W]</c> to tokens <c>[B, N, D]</c>, rows of patches from the top left.</summary>
    public override Tensor forward(Tensor images) => proj.forward(images).flatten(2).transpose(1, 2);
}
