using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>CLIP: images and texts in one space. Parameter names are those of its checkpoints; names that end in <c>_m</c> are
/// the momentum copies of training.</summary>
public sealed class ClipModel : ContrastiveModel, IReducibleModel
{
    private const double LargestScale = 100;

    private readonly Parameter? space_dict;
    private readonly Parameter positional_embedding;
    private readonly Parameter text_projection;
    private readonly Parameter logit_scale;
    private readonly ClipVisionTransformer visual;
    private readonly ClipTransformer transformer;
    private readonly Embedding token_embedding;
    private readonly LayerNorm ln_final;
    private readonly Parameter? positional_embedding_m;
    private readonly Parameter? text_projection_m;
    private readonly ClipVisionTransformer? visual_m;
    private readonly ClipTransformer? transformer_m;
    private readonly Embedding? token_embedding_m;
    private readonly LayerNorm? ln_final_m;

    public ClipModel(ClipConfig config) : base(nameof(ClipModel))
    {
        Config = config;
        space_dict = AlignmentConfig.LearnableTokens(config.Alignment);
        logit_scale = nn.Parameter(full([], Math.Log(1 / 0.07), dtype: float32));
        visual = new ClipVisionTransformer(config.Vision, config.EmbedWidth, config.Alignment, config.Activation);
        (token_embedding, positional_embedding, transformer, ln_final, text_projection) = TextParts(config);
        if (config.Contrastive is { } training)
        {
            visual_m = new ClipVisionTransformer(config.Vision, config.EmbedWidth, config.Alignment, config.Activation);
            (token_embedding_m, positional_embedding_m, transformer_m, ln_final_m, text_projection_m) = TextParts(config);
            CreateQueues(config.EmbedWidth, training.QueueSize);
        }

        RegisterComponents();
        RestartCopies();
    }

    public ClipConfig Config { get; }
    public ClipVisionTransformer Visual => visual;

    public IReadOnlyList<ReducibleEncoder> ReducibleEncoders =>
    [
        .. Reducible("", visual, transformer),
        .. visual_m is null ? [] : Reducible("_m", visual_m, transformer_m!),
    ];

    /// <summary>Encodes images <c>[B, 3, H, W]</c>.</summary>
    public ContrastiveEncoding EncodeImages(Tensor images) => visual.forward(images);

    /// <summary>Encodes texts: ids <c>[B, N]</c>, whose largest in each row ends the text.</summary>
    public ContrastiveEncoding EncodeTexts(Tensor ids) =>
        new ClipTextEncoder(token_embedding, positional_embedding, transformer, ln_final, text_projection).Encode(ids);

    /// <summary>Compares every image <c>[B_images, 3, H, W]</c> with every text <c>[B_texts, N]</c>.</summary>
    public ClipOutput Forward(Tensor images, Tensor ids)
    {
        var (image, text) = (EncodeImages(images), EncodeTexts(ids));
        var features = ContrastiveFeatures.Normalized(image.Feature, text.Feature);
        var logits = features.Image.MatMul(features.Text.t()) * logit_scale.exp(); // [B_images, B_texts]
        return new ClipOutput(image, text, features, logits);
    }

    /// <summary>One step of training on matching images and texts: moves the momentum copies, compares against them and the
    /// queues, and fills the queues.</summary>
    /// <param name="ids">Token ids of the images' texts, <c>[B, N]</c> int64.</param>
    /// <param name="imageIds">Ids that tell images apart, <c>[B]</c> int64.</param>
    /// <param name="distillation">Weight of the momentum copies in the targets, 0 to 1; the paper's is 0.4.</param>
    /// <exception cref="InvalidOperationException">The model was built without training copies.</exception>
    /// <exception cref="ArgumentException">There are not as many images as texts and ids.</exception>
    public RetrievalLosses TrainingStep(Tensor images, Tensor ids, Tensor imageIds, double distillation)
    {
        var queues = Queues;
        CheckPairs(images, ids, imageIds);
        Limit(logit_scale, null, Math.Log(LargestScale));
        var output = Forward(images, ids);
        var (momentum, momentumAligned) = MomentumPass(images, ids);
        var online = output.Features;
        var contrastive = ContrastiveLoss.Evaluate(online, momentum, queues, imageIds, logit_scale.exp(), distillation);
        queues.Enqueue(Config.QueuesOnline ? online : momentum, imageIds);
        return new RetrievalLosses(contrastive, null, output.Aligned, momentumAligned, online, output.Image.Tokens);
    }

    private (ContrastiveFeatures Features, AlignedFeatures? Aligned) MomentumPass(Tensor images, Tensor ids)
    {
        using var off = no_grad();
        MoveCopies(Config.Contrastive!.Momentum);
        var (blocks, norm) = Config.BorrowsTransformer ? (transformer, ln_final) : (transformer_m!, ln_final_m!);
        var text = new ClipTextEncoder(token_embedding_m!, positional_embedding_m!, blocks, norm, text_projection_m!).Encode(ids);
        var image = visual_m!.forward(images);
        return (ContrastiveFeatures.Normalized(image.Feature, text.Feature), AlignedFeatures.Of(image.Tokens, text.Tokens));
    }

    private static (Embedding Words, Parameter Positions, ClipTransformer Blocks, LayerNorm Norm, Parameter Projection) TextParts(
        ClipConfig config)
    {
        var text = config.Text;
        var words = nn.Embedding(text.VocabularySize, text.Width);
        using (no_grad())
            words.weight!.normal_(0, 0.02);

        return (
            words,
            ClipVisionTransformer.Table(0.01, text.ContextLength, text.Width),
            new ClipTransformer(text.Width, text.Layers, text.Heads, causal: true, config.Alignment, config.Activation),
            nn.LayerNorm(text.Width),
            ClipVisionTransformer.Table(Math.Pow(text.Width, -0.5), text.Width, config.EmbedWidth));
    }

    // The released code never prunes an image to its class token and one more.
    private ReducibleEncoder[] Reducible(string copy, ClipVisionTransformer vision, ClipTransformer text) =>
    [
        new("visual" + copy, Modality.Image, vision.Blocks, () => space_dict) { ReleasedFloor = 1 },
        new("transformer" + copy, Modality.Text, text.Blocks, () => space_dict),
    ];
}

/// <summary>What CLIP makes of a batch of images and texts.</summary>
/// <param name="Features">Those of both, normalised.</param>
/// <param name="Logits">exp(logit_scale) · cosine, images against texts, <c>[B_images, B_texts]</c>.</param>
public sealed record ClipOutput(
    ContrastiveEncoding Image, ContrastiveEncoding Text, ContrastiveFeatures Features, Tensor Logits)
{
    /// <summary>What L_sim compares; null where nothing was aligned, or where images and texts are not pairs.</summary>
    public AlignedFeatures? Aligned => AlignedFeatures.Of(Image.Tokens, Text.Tokens);
}
