using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>CLIP's image encoder (<c>visual</c> in the checkpoints).</summary>
public sealed class ClipVisionTransformer : nn.Module<Tensor, ClipEncoding>
{
    private readonly Parameter class_embedding;
    private readonly Parameter positional_embedding;
    private readonly Parameter proj;
    private readonly Conv2d conv1;
    private readonly LayerNorm ln_pre;
    private readonly ClipTransformer transformer;
    private readonly LayerNorm ln_post;

    /// <summary>Creates the encoder with random weights.</summary>
    /// <param name="embedWidth">E, width of the joint space.</param>
    /// <param name="alignment">Alignment guidance, if the model has it.</param>
    public ClipVisionTransformer(
        VisionTransformerConfig config, int embedWidth, AlignmentConfig? alignment = null, ClipActivation activation = default)
        : base(nameof(ClipVisionTransformer))
    {
        Config = config;
        var deviation = Math.Pow(config.Width, -0.5);
        class_embedding = ClipInitialization.Table(deviation, config.Width);
        positional_embedding = ClipInitialization.Table(deviation, config.Patches + 1, config.Width);
        proj = ClipInitialization.Table(deviation, config.Width, embedWidth);
        conv1 = nn.Conv2d(3, config.Width, kernel_size: config.PatchSize, stride: config.PatchSize, bias: false);
        ln_pre = nn.LayerNorm(config.Width);
        transformer = new ClipTransformer(config.Width, config.Depth, config.Heads, causal: false, alignment, activation);
        ln_post = nn.LayerNorm(config.Width);
        RegisterComponents();
    }

    public VisionTransformerConfig Config { get; }

    /// <summary>The blocks in order.</summary>
    public IReadOnlyList<ClipBlock> Blocks => transformer.Blocks;

    /// <summary>Encodes images <c>[B, 3, H, W]</c> into features <c>[B, E]</c>.</summary>
    /// <exception cref="ArgumentException">The images do not have the configured size.</exception>
    public override ClipEncoding forward(Tensor images)
    {
        Config.Check(images);
        var patches = conv1.forward(images).flatten(2).transpose(1, 2); // [B, N, D]
        var classToken = class_embedding.expand(images.shape[0], 1, Config.Width);
        var embedded = cat([classToken, patches], 1) + positional_embedding; // [B, N + 1, D]
        var tokens = transformer.forward(new TokenState(ln_pre.forward(embedded)));
        return new ClipEncoding(ln_post.forward(tokens.X.select(1, 0)).MatMul(proj), tokens);
    }
}

/// <summary>CLIP's text encoder over the parts that its checkpoints keep at the top of the model. Not a module of its own, since
/// it has no name there.</summary>
internal sealed record ClipTextEncoder(
    Embedding Words, Parameter Positions, ClipTransformer Transformer, LayerNorm FinalNorm, Parameter Projection)
{
    /// <summary>Encodes ids <c>[B, N]</c>, whose largest in each row ends the text, into features <c>[B, E]</c>.</summary>
    /// <exception cref="ArgumentException">The texts are longer than the position table.</exception>
    /// <exception cref="InvalidOperationException">A reduction took away the place where a text's feature is read.</exception>
    public ClipEncoding Encode(Tensor ids)
    {
        if (ids.shape is not [_, var length] || length > Positions.shape[0])
        {
            throw new ArgumentException(
                $"texts have shape [{string.Join(", ", ids.shape)}]; this encoder takes [B, N] with at most "
                    + $"{Positions.shape[0]} tokens", nameof(ids));
        }

        var end = ids.argmax(-1); // [B]
        var embedded = Words.forward(ids) + Positions.slice(0, 0, length, 1); // [B, N, D]
        var tokens = Transformer.forward(new TokenState(embedded) { EndOfText = end, Mask = Mask(end, length, embedded.dtype) });
        CheckEnd(tokens, length);
        var summary = tokens.EndOfText!.view(-1, 1, 1).expand(-1, 1, tokens.X.shape[2]);
        var feature = FinalNorm.forward(tokens.X.gather(1, summary).squeeze(1)); // [B, D]
        return new ClipEncoding(feature.MatMul(Projection), tokens);
    }

    // A policy that neither protects the end of the text nor follows it can only read where it stood if the text did not get
    // shorter.
    private static void CheckEnd(TokenState tokens, long length)
    {
        if (tokens.Length < length && tokens.EndOfText!.max().item<long>() is var end && end >= tokens.Length)
        {
            throw new InvalidOperationException(
                $"the feature of a text is read at token {end}, its end, but the reduction left {tokens.Length} tokens: a "
                    + $"policy without ProtectEndOfText needs max-keep batches with their padding (ExcludePadding false), as "
                        + $"the released code has them");
        }
    }

    // Padding stands behind the end of the text, where causal attention never looks: only a reducer needs it told apart.
    private Tensor? Mask(Tensor end, long length, ScalarType dtype)
    {
        if (Transformer.Blocks is not [{ Reducer.ExcludesPadding: true }, ..])
        {
            return null;
        }

        return (arange(length, dtype: int64, device: end.device).unsqueeze(0) <= end.unsqueeze(1)).to(dtype);
    }
}

/// <summary>The stack of blocks of either CLIP encoder (<c>transformer</c> in the checkpoints).</summary>
public sealed class ClipTransformer : nn.Module<TokenState, TokenState>, IRecomputing
{
    private readonly ModuleList<ClipBlock> resblocks;

    /// <param name="width">D.</param>
    /// <param name="heads">Attention heads per block.</param>
    /// <param name="causal">Whether a token sees only those before it (text).</param>
    /// <param name="alignment">Alignment guidance, if the model has it.</param>
    public ClipTransformer(
        int width, int layers, int heads, bool causal, AlignmentConfig? alignment, ClipActivation activation = default)
        : base(nameof(ClipTransformer))
    {
        var maps = AlignmentMap.ForLayers(alignment, width, layers);
        resblocks = new ModuleList<ClipBlock>([
            .. maps.Select(map => new ClipBlock(width, heads, layers, causal, map, activation))]);
        RegisterComponents();
    }

    public bool Recomputes { get; set; }

    /// <summary>The blocks in order.</summary>
    public IReadOnlyList<ClipBlock> Blocks => [.. resblocks];

    /// <summary>Runs all blocks on <c>[B, N, D]</c>.</summary>
    public override TokenState forward(TokenState tokens) =>
        BlockStack.Run(resblocks, tokens, (block, state) => block.forward(state), Recomputes);
}

/// <summary>One block of either CLIP encoder.</summary>
public sealed class ClipBlock : PreNormBlock
{
    private readonly ClipAttention attn;
    private readonly LayerNorm ln_1;
    private readonly ClipFeedForward mlp;
    private readonly LayerNorm ln_2;
    private readonly AlignmentMap? query_model;
    private readonly bool causal;

    /// <param name="width">D.</param>
    /// <param name="layers">Blocks of the whole encoder; sets the scale of the initial weights.</param>
    /// <param name="causal">Whether a token sees only those before it (text).</param>
    /// <param name="queryModel">The block's own alignment map, if it has one.</param>
    public ClipBlock(
        int width, int heads, int layers, bool causal, AlignmentMap? queryModel = null, ClipActivation activation = default)
        : base(nameof(ClipBlock))
    {
        attn = new ClipAttention(width, heads, layers);
        ln_1 = nn.LayerNorm(width);
        mlp = new ClipFeedForward(width, layers, activation);
        ln_2 = nn.LayerNorm(width);
        query_model = queryModel;
        this.causal = causal;
        RegisterComponents();
    }

    public override AlignmentMap? QueryModel => query_model;

    protected override (LayerNorm, FusedAttention, LayerNorm, nn.Module<Tensor, Tensor>) Parts => (ln_1, attn, ln_2, mlp);

    protected override Tensor? Bias(TokenState input) => causal ? CausalAttention.Bias(input) : base.Bias(input);
}

/// <summary>Self-attention of a CLIP block.</summary>
public sealed class ClipAttention : FusedAttention
{
    private Parameter in_proj_weight;
    private Parameter in_proj_bias;
    private readonly Linear out_proj;

    /// <param name="width">D.</param>
    /// <param name="layers">Blocks of the whole encoder; sets the scale of the initial weights.</param>
    /// <exception cref="ArgumentException">The width does not divide by the heads.</exception>
    public ClipAttention(int width, int heads, int layers) : base(nameof(ClipAttention), width, heads)
    {
        in_proj_weight = nn.Parameter(empty(3 * width, width));
        in_proj_bias = nn.Parameter(zeros(3 * width));
        out_proj = nn.Linear(width, width);
        RegisterComponents();
        ClipInitialization.Attention(in_proj_weight, out_proj, layers);
    }

    /// <summary>Puts other weights <c>[3·h·d_h, D]</c> or another bias in place of the projection's, as <see cref="Linear"/> lets
    /// one do.</summary>
    public void Replace(string name, Parameter parameter)
    {
        _ = name == nameof(in_proj_weight) ? in_proj_weight = parameter : in_proj_bias = parameter;
        ConditionallyRegisterParameter(name, parameter);
    }

    protected override Tensor Project(Tensor tokens) => Products.Linear(tokens, in_proj_weight, in_proj_bias);

    protected override Tensor Output(Tensor joined) => Products.Linear(out_proj, joined);
}

/// <summary>Feed-forward part of a CLIP block, four times as wide as its tokens.</summary>
public sealed class ClipFeedForward : nn.Module<Tensor, Tensor>
{
    private readonly Linear c_fc;
    private readonly Linear c_proj;
    private readonly ClipActivation activation;

    /// <summary>Creates the two layers.</summary>
    /// <param name="width">D.</param>
    /// <param name="layers">Blocks of the whole encoder; sets the scale of the initial weights.</param>
    public ClipFeedForward(int width, int layers, ClipActivation activation = default) : base(nameof(ClipFeedForward))
    {
        this.activation = activation;
        c_fc = nn.Linear(width, 4 * width);
        c_proj = nn.Linear(4 * width, width);
        RegisterComponents();
        ClipInitialization.FeedForward(c_fc, c_proj, layers);
    }

    /// <summary><c>[B, N, D]</c> to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor tokens)
    {
        var hidden = Products.Linear(c_fc, tokens);
        return Products.Linear(c_proj, activation == ClipActivation.Gelu ? Products.Gelu(hidden) : Products.QuickGelu(hidden));
    }
}

/// <summary>The bias that keeps CLIP's text tokens from looking ahead.</summary>
internal static class CausalAttention
{
    /// <summary>−∞ on later rows, plus what the tokens themselves ask for. Where padding is told apart, the end-of-text row sees
    /// every real token: all that stand behind it are merged ones, which nobody could read otherwise.</summary>
    /// <returns><c>[N, N]</c> or <c>[B, 1, N, N]</c>.</returns>
    public static Tensor Bias(TokenState tokens)
    {
        var (length, device) = (tokens.Length, tokens.X.device);
        var later = ones([length, length], dtype: @bool, device: device).triu(1); // [N, N]
        if (tokens.Mask is not null && tokens.EndOfText is not null)
        {
            var others = arange(length, dtype: int64, device: device).unsqueeze(0) != tokens.EndOfText.unsqueeze(1); // [B, N]
            later = later.unsqueeze(0).logical_and(others.unsqueeze(2)).unsqueeze(1); // [B, 1, N, N]
        }

        var causal = zeros(later.shape, dtype: tokens.X.dtype, device: device).masked_fill(later, float.NegativeInfinity);
        return tokens.AttentionBias() is { } own ? causal + own : causal;
    }
}

/// <summary>CLIP's initialisation: deviations that shrink with width, and with depth for what writes into the residual
/// stream.</summary>
internal static class ClipInitialization
{
    /// <summary>A table of normal numbers as a parameter.</summary>
    public static Parameter Table(double deviation, params long[] shape) => nn.Parameter(randn(shape) * deviation);

    /// <summary>The word table.</summary>
    public static Embedding Words(int vocabularySize, int width)
    {
        var words = nn.Embedding(vocabularySize, width);
        using var off = no_grad();
        words.weight!.normal_(0, 0.02);
        return words;
    }

    /// <summary>Attention of a block: fused projection <c>[3D, D]</c> and output projection.</summary>
    public static void Attention(Parameter inProjection, Linear outProjection, int layers)
    {
        using var off = no_grad();
        var width = inProjection.shape[1];
        inProjection.normal_(0, Math.Pow(width, -0.5));
        outProjection.weight.normal_(0, Math.Pow(width, -0.5) * Math.Pow(2 * layers, -0.5));
        outProjection.bias!.zero_();
    }

    /// <summary>Feed-forward part of a block.</summary>
    public static void FeedForward(Linear widen, Linear narrow, int layers)
    {
        using var off = no_grad();
        var width = widen.weight.shape[1];
        widen.weight.normal_(0, Math.Pow(2 * width, -0.5));
        narrow.weight.normal_(0, Math.Pow(width, -0.5) * Math.Pow(2 * layers, -0.5));
        widen.bias!.zero_();
        narrow.bias!.zero_();
    }
}
