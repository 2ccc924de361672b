using Madtp.Kit.Madtp;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Clip;

/// <summary>
/// CLIP: images and texts in one space. Parameter names are those of its checkpoints; names that end in <c>_m</c> are the
/// momentum copies of training.
/// </summary>
public sealed class ClipModel : nn.Module, IReducibleModel, IPrunableModel<ClipConfig>
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
    private readonly Tensor? image_queue;
    private readonly Tensor? text_queue;
    private readonly Tensor? idx_queue;
    private readonly Tensor? ptr_queue;

    /// <summary>Creates the model with random weights.</summary>
    public ClipModel(ClipConfig config) : base(nameof(ClipModel))
    {
        Config = config;
        space_dict = LearnableTokens.Create(config.Alignment);
        logit_scale = nn.Parameter(full([], Math.Log(1 / 0.07), dtype: float32));
        visual = new ClipVisionTransformer(config.Vision, config.EmbedWidth, config.Alignment);
        (token_embedding, positional_embedding, transformer, ln_final, text_projection) = TextParts(config);
        if (config.Contrastive is { } training)
        {
            visual_m = new ClipVisionTransformer(config.Vision, config.EmbedWidth, config.Alignment);
            (token_embedding_m, positional_embedding_m, transformer_m, ln_final_m, text_projection_m) = TextParts(config);
            (image_queue, text_queue, idx_queue, ptr_queue) = FeatureQueues.Create(config.EmbedWidth, training.QueueSize);
        }

        RegisterComponents();
        MomentumCopy.Start(MomentumPairs());
    }

    /// <summary>The model's sizes.</summary>
    public ClipConfig Config { get; }

    /// <summary>The image encoder.</summary>
    public ClipVisionTransformer Visual => visual;

    /// <summary>The blocks of the text encoder, in order.</summary>
    public IReadOnlyList<ClipBlock> TextBlocks => transformer.Blocks;

    /// <inheritdoc/>
    public IReadOnlyList<ReducibleEncoder> ReducibleEncoders =>
    [
        ImageEncoder("visual", visual),
        TextEncoder("transformer", transformer),
        .. Config.Contrastive is null ? [] : new[] { ImageEncoder("visual_m", visual_m!), TextEncoder("transformer_m", transformer_m!) },
    ];

    /// <inheritdoc/>
    public IReadOnlyList<PrunableWidth> PrunableWidths =>
    [
        .. visual.PrunableWidths(nameof(visual))
            .Concat(transformer.PrunableWidths(nameof(transformer), ModelTower.Text))
            .Select(width => Config.Contrastive is null ? width : width.WithCopy()),
    ];

    /// <summary>The queues of training.</summary>
    /// <exception cref="InvalidOperationException">The model was built without training copies.</exception>
    public FeatureQueues Queues => new(Trained(image_queue), Trained(text_queue), Trained(idx_queue), Trained(ptr_queue));

    /// <summary>Encodes images <c>[B, 3, H, W]</c>.</summary>
    public ClipEncoding EncodeImages(Tensor images) => visual.forward(images);

    /// <summary>Encodes texts: ids <c>[B, N]</c>, whose largest in each row ends the text.</summary>
    public ClipEncoding EncodeTexts(Tensor ids) => new ClipTextEncoder(token_embedding, positional_embedding, transformer, ln_final, text_projection).Encode(ids);

    /// <summary>
    /// Compares every image with every text.
    /// </summary>
    /// <param name="images">Images, <c>[B_images, 3, H, W]</c>.</param>
    /// <param name="ids">Token ids, <c>[B_texts, N]</c> int64.</param>
    public ClipOutput Forward(Tensor images, Tensor ids)
    {
        var (image, text) = (EncodeImages(images), EncodeTexts(ids));
        var features = ContrastiveFeatures.Normalized(image.Feature, text.Feature);
        var logits = features.Image.MatMul(features.Text.t()) * logit_scale.exp(); // [B_images, B_texts]
        return new ClipOutput(image, text, logits, AlignmentTerm(image, text));
    }

    /// <summary>
    /// One step of training on matching images and texts: moves the momentum copies, compares against them and the queues,
    /// and fills the queues.
    /// </summary>
    /// <param name="images">Images, <c>[B, 3, H, W]</c>.</param>
    /// <param name="ids">Token ids of their texts, <c>[B, N]</c> int64.</param>
    /// <param name="imageIds">Ids that tell images apart, <c>[B]</c> int64.</param>
    /// <param name="distillation">Weight of the momentum copies in the targets, 0 to 1; the paper's is 0.4.</param>
    /// <exception cref="InvalidOperationException">The model was built without training copies.</exception>
    /// <exception cref="ArgumentException">There are not as many images as texts and ids.</exception>
    public RetrievalLosses TrainingStep(Tensor images, Tensor ids, Tensor imageIds, double distillation)
    {
        var queues = Queues;
        if (images.shape[0] != ids.shape[0] || imageIds.shape is not [var count] || count != ids.shape[0])
        {
            throw new ArgumentException($"{images.shape[0]} images, {ids.shape[0]} texts and image ids [{string.Join(", ", imageIds.shape)}] are not pairs", nameof(ids));
        }

        LimitScale();
        var output = Forward(images, ids);
        var (momentum, momentumAlignment) = MomentumPass(images, ids);
        var online = output.Features;
        var contrastive = ContrastiveLoss.Evaluate(online, momentum, queues, imageIds, logit_scale.exp(), distillation);
        queues.Enqueue(Config.Queued == QueuedFeatures.Online ? online : momentum, imageIds);
        return new RetrievalLosses(contrastive, null, output.AlignmentLoss, momentumAlignment) { Features = online, ImageTokens = output.Image.Tokens };
    }

    /// <summary>Makes the momentum copies equal to what learns; for weights that came without copies.</summary>
    public void RestartCopies() => MomentumCopy.Start(MomentumPairs());

    private (ContrastiveFeatures Features, Tensor? Alignment) MomentumPass(Tensor images, Tensor ids)
    {
        using var off = no_grad();
        MomentumCopy.Update(MomentumPairs(), Config.Contrastive!.Momentum);
        var (blocks, norm) = Config.MomentumText == MomentumText.OnlineTransformer ? (transformer, ln_final) : (transformer_m!, ln_final_m!);
        var text = new ClipTextEncoder(token_embedding_m!, positional_embedding_m!, blocks, norm, text_projection_m!).Encode(ids);
        var image = visual_m!.forward(images);
        return (ContrastiveFeatures.Normalized(image.Feature, text.Feature), AlignmentTerm(image, text));
    }

    private void LimitScale()
    {
        using var off = no_grad();
        logit_scale.clamp_(max: Math.Log(LargestScale));
    }

    private static (Embedding Words, Parameter Positions, ClipTransformer Blocks, LayerNorm Norm, Parameter Projection) TextParts(ClipConfig config)
    {
        var text = config.Text;
        return (
            ClipInitialization.Words(text.VocabularySize, text.Width),
            ClipInitialization.Table(0.01, text.ContextLength, text.Width),
            new ClipTransformer(text.Width, text.Layers, text.Heads, causal: true, config.Alignment, text.PrunedWidths),
            nn.LayerNorm(text.Width),
            ClipInitialization.Table(Math.Pow(text.Width, -0.5), text.Width, config.EmbedWidth));
    }

    // The released code never prunes an image to its class token and one more.
    private ReducibleEncoder ImageEncoder(string name, ClipVisionTransformer encoder) =>
        new(name, Modality.Image, encoder.Blocks, () => space_dict) { ReleasedFloor = 1 };

    private ReducibleEncoder TextEncoder(string name, ClipTransformer encoder) =>
        new(name, Modality.Text, encoder.Blocks, () => space_dict);

    private IEnumerable<(Parameter Online, Parameter Copy)> MomentumPairs() => Config.Contrastive is null ? [] :
    [
        .. MomentumCopy.Pairs(visual, visual_m!),
        .. MomentumCopy.Pairs(transformer, transformer_m!),
        .. MomentumCopy.Pairs(token_embedding, token_embedding_m!),
        .. MomentumCopy.Pairs(ln_final, ln_final_m!),
        (positional_embedding, positional_embedding_m!),
        (text_projection, text_projection_m!),
    ];

    private static Tensor? AlignmentTerm(ClipEncoding image, ClipEncoding text) =>
        image.Tokens.AlignmentFeature is { } seen && text.Tokens.AlignmentFeature is { } read && seen.shape[0] == read.shape[0]
            ? AlignmentLoss.Similarity(seen, read)
            : null;

    private static Tensor Trained(Tensor? buffer) =>
        buffer ?? throw new InvalidOperationException("this CLIP was built without momentum copies and queues (ClipConfig.Contrastive is null), so it cannot be trained this way");
}
