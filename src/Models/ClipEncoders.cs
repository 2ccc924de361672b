using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Sizes of a CLIP model and what surrounds it in training.</summary>
public sealed record ClipConfig
{
    public VisionTransformerConfig Vision { get; init; } = VisionTransformerConfig.Base(224);

    public ClipTextConfig Text { get; init; } = new();

    /// <summary>E, width of the joint space.</summary>
    public int EmbedWidth { get; init; } = 512;

    /// <summary>Alignment guidance; null builds the plain model, as in the official checkpoints.</summary>
    public AlignmentConfig? Alignment { get; init; } = new(Map: AlignmentMapping.PerLayer);

    /// <summary>Momentum copies and queues for training; null builds a model that only answers, as official ones do.</summary>
    public ContrastiveConfig? Contrastive { get; init; } = new();

    public ClipActivation Activation { get; init; }

    /// <summary>Whether the momentum text encoder runs the transformer and final norm that learn between embeddings and a
    /// projection of its own (defect 6 of the released code), instead of copies.</summary>
    public bool BorrowsTransformer { get; init; }

    /// <summary>Whether queues keep features of the encoders that learn (released) instead of the momentum copies', which change
    /// slowly.</summary>
    public bool QueuesOnline { get; init; }

    /// <summary>CLIP ViT-B/32 at 224².</summary>
    public static ClipConfig BasePatch32 { get; } = new() { Vision = VisionTransformerConfig.Base(224) with { PatchSize = 32 } };

    /// <summary>CLIP ViT-B/16 at 224².</summary>
    public static ClipConfig BasePatch16 { get; } = new();

    /// <summary>CLIP ViT-L/14 at 336², the paper's.</summary>
    public static ClipConfig LargePatch14At336 { get; } = new()
    {
        Vision = new() { ImageSize = 336, PatchSize = 14, Width = 1024, Depth = 24, Heads = 16 },
        Text = new() { Width = 768, Heads = 12 },
        EmbedWidth = 768,
    };

    /// <summary>The toy world's: the toy image encoder, 140 words, three text blocks of width 64, E = K = d_k = 64.</summary>
    public static ClipConfig Toy { get; } = new()
    {
        Vision = VisionTransformerConfig.Toy,
        Text = new ClipTextConfig { ContextLength = 32, VocabularySize = 140, Width = 64, Layers = 3, Heads = 4 },
        EmbedWidth = 64,
        Alignment = new AlignmentConfig(Tokens: 64, Width: 64, AlignmentMapping.PerLayer),
        Contrastive = ContrastiveConfig.Toy,
    };

    /// <summary>The same sizes without alignment guidance and training copies: what an official checkpoint holds.</summary>
    public ClipConfig Plain() => this with { Alignment = null, Contrastive = null };

    /// <summary>The same sizes, trained as the released code does it, its defects included.</summary>
    public ClipConfig AsReleased() => this with { BorrowsTransformer = true, QueuesOnline = true };
}

/// <summary>Sizes of CLIP's text encoder.</summary>
/// <param name="ContextLength">Longest text in tokens, start and end included.</param>
/// <param name="VocabularySize">Its last id ends a text.</param>
/// <param name="Width">D, width of a token.</param>
public sealed record ClipTextConfig(
    int ContextLength = 77, int VocabularySize = 49408, int Width = 512, int Layers = 12, int Heads = 8);

/// <summary>What CLIP's feed-forward parts compute between their two layers. No tensor tells.</summary>
public enum ClipActivation
{
    /// <summary>x · σ(1.702 x): OpenAI's weights.</summary>
    QuickGelu,
    /// <summary>x · Φ(x): most of open_clip's own.</summary>
    Gelu,
}

/// <summary>CLIP's image encoder (<c>visual</c> in the checkpoints).</summary>
/// <param name="embedWidth">E, width of the joint space.</param>
public sealed class ClipVisionTransformer(
    VisionTransformerConfig config, int embedWidth, AlignmentConfig? alignment = null, ClipActivation activation = default) : Part
{
    private readonly Parameter class_embedding = Table(Math.Pow(config.Width, -0.5), config.Width);
    private readonly Parameter positional_embedding = Table(Math.Pow(config.Width, -0.5), config.Patches + 1, config.Width);
    private readonly Parameter proj = Table(Math.Pow(config.Width, -0.5), config.Width, embedWidth);
    private readonly Conv2d conv1 = nn.Conv2d(
        3, config.Width, kernel_size: config.PatchSize, stride: config.PatchSize, bias: false);

    private readonly LayerNorm ln_pre = nn.LayerNorm(config.Width);
    private readonly ClipTransformer transformer = new(
        config.Width, config.Depth, config.Heads, causal: false, alignment, activation);

    private readonly LayerNorm ln_post = nn.LayerNorm(config.Width);

    public VisionTransformerConfig Config { get; } = config;
    public IReadOnlyList<ClipBlock> Blocks => transformer.Blocks;

    /// <summary>Encodes images <c>[B, 3, H, W]</c> into features <c>[B, E]</c>.</summary>
    /// <exception cref="ArgumentException">The images do not have the configured size.</exception>
    public ContrastiveEncoding forward(Tensor images)
    {
        Config.Check(images);
        var patches = conv1.forward(images).flatten(2).transpose(1, 2); // [B, N, D]
        var classToken = class_embedding.expand(images.shape[0], 1, Config.Width);
        var embedded = cat([classToken, patches], 1) + positional_embedding; // [B, N + 1, D]
        var tokens = transformer.forward(new TokenState(ln_pre.forward(embedded)));
        return new ContrastiveEncoding(ln_post.forward(tokens.X.select(1, 0)).MatMul(proj), tokens);
    }

    /// <summary>A table of normal numbers as a parameter.</summary>
    internal static Parameter Table(double deviation, params long[] shape) => nn.Parameter(randn(shape) * deviation);
}

/// <summary>CLIP's text encoder over the parts that its checkpoints keep at the top of the model. Not a module of its own, since
/// it has no name there.</summary>
internal sealed record ClipTextEncoder(
    Embedding Words, Parameter Positions, ClipTransformer Transformer, LayerNorm FinalNorm, Parameter Projection)
{
    /// <summary>Encodes ids <c>[B, N]</c>, whose largest in each row ends the text, into features <c>[B, E]</c>.</summary>
    /// <exception cref="ArgumentException">The texts are longer than the position table.</exception>
    /// <exception cref="InvalidOperationException">A reduction took away the place where a text's feature is read.</exception>
    public ContrastiveEncoding Encode(Tensor ids)
    {
        Guard.Argument(ids.shape[1] <= Positions.shape[0],
            $"a text of {ids.shape[1]} tokens is longer than the {Positions.shape[0]} positions of this model", nameof(ids));
        var (length, end) = (ids.shape[1], ids.argmax(-1)); // [B]
        var embedded = Words.forward(ids) + Positions.slice(0, 0, length, 1); // [B, N, D]
        var tokens = Transformer.forward(new TokenState(embedded) { EndOfText = end, Mask = Mask(end, length, embedded.dtype) });
        // A policy that neither protects the end nor follows it can only read where it stood if the text did not get shorter.
        Guard.State(tokens.Length == length || tokens.EndOfText!.max().item<long>() < tokens.Length,
            $"the feature of a text is read at its end, but the reduction left {tokens.Length} tokens: a policy without "
            + $"ProtectEndOfText needs max-keep batches with their padding (ExcludePadding false), like the released code's");
        var summary = tokens.EndOfText!.view(-1, 1, 1).expand(-1, 1, tokens.X.shape[2]);
        var feature = FinalNorm.forward(tokens.X.gather(1, summary).squeeze(1)); // [B, D]
        return new ContrastiveEncoding(feature.MatMul(Projection), tokens);
    }

    // Padding stands behind the end of the text, where causal attention never looks: only a reducer needs it told apart.
    private Tensor? Mask(Tensor end, long length, ScalarType dtype) =>
        !Transformer.Blocks.Any(block => block.Reducer is { ExcludesPadding: true }) ? null
            : (arange(length, dtype: int64, device: end.device).unsqueeze(0) <= end.unsqueeze(1)).to(dtype);
}
