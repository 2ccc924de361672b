using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>BLIP for image-text retrieval: compares images and texts in a joint space (ITC) and judges single pairs by reading
/// the text with the image (ITM). Parameter names are those of its checkpoints; names that end in <c>_m</c> are the momentum
/// copies of training.</summary>
public sealed class BlipRetrieval : ContrastiveModel, IReducibleModel
{
    private readonly Parameter? space_dict;
    private readonly Parameter temp;
    private readonly VisionTransformer visual_encoder;
    private readonly TextTransformer text_encoder;
    private readonly Linear vision_proj;
    private readonly Linear text_proj;
    private readonly Linear itm_head;
    private readonly VisionTransformer? visual_encoder_m;
    private readonly TextTransformer? text_encoder_m;
    private readonly Linear? vision_proj_m;
    private readonly Linear? text_proj_m;

    public BlipRetrieval(BlipConfig config) : base(nameof(BlipRetrieval))
    {
        Config = config;
        space_dict = AlignmentConfig.LearnableTokens(config.Alignment);
        temp = nn.Parameter(full([], 0.07, dtype: float32));
        (visual_encoder, text_encoder, vision_proj, text_proj) = Encoders(config);
        itm_head = nn.Linear(config.Text.Width, 2);
        if (config.Contrastive is { } training)
        {
            (visual_encoder_m, text_encoder_m, vision_proj_m, text_proj_m) = Encoders(config);
            CreateQueues(config.EmbedWidth, training.QueueSize);
        }

        RegisterComponents();
        RestartCopies();
    }

    public BlipConfig Config { get; }
    public VisionTransformer VisualEncoder => visual_encoder;
    public TextTransformer TextEncoder => text_encoder;

    public IReadOnlyList<ReducibleEncoder> ReducibleEncoders =>
    [
        ImageEncoder("visual_encoder", visual_encoder),
        TextEncoderOf("text_encoder", text_encoder),
        .. visual_encoder_m is null ? []
            : new[] { ImageEncoder("visual_encoder_m", visual_encoder_m), TextEncoderOf("text_encoder_m", text_encoder_m!) },
    ];

    /// <summary>Encodes images <c>[B, 3, H, W]</c>.</summary>
    public ContrastiveEncoding EncodeImages(Tensor images) => Encoded(visual_encoder.forward(images), vision_proj);

    /// <summary>Encodes texts on their own: ids with [CLS] first and their mask, each <c>[B, N]</c>.</summary>
    public ContrastiveEncoding EncodeTexts(Tensor ids, Tensor mask) => Encoded(text_encoder.Forward(ids, mask, []), text_proj);

    /// <summary>Judges pairs by reading each text with its image.</summary>
    /// <param name="image">Final image tokens, one image a text; or one image with its keys and values projected ahead, for all
    /// texts.</param>
    /// <param name="ids">Token ids, <c>[B, N]</c> int64; the first of each is replaced by [ENC].</param>
    /// <returns>Scores of no match and match, <c>[B, 2]</c>.</returns>
    public Tensor Match(ImageContext image, Tensor ids, Tensor mask) => itm_head.forward(Read(image, WithEncode(ids), mask));

    /// <summary>One step of training on matching images and texts: moves the momentum copies, compares against them and the
    /// queues, fills the queues, and has every pair judged beside a wrong image and a wrong text.</summary>
    /// <param name="ids">Token ids of the images' texts with [CLS] first, <c>[B, N]</c> int64.</param>
    /// <param name="imageIds">Ids that tell images apart, <c>[B]</c> int64.</param>
    /// <param name="distillation">Weight of the momentum copies in the contrastive targets, 0 to 1; the paper's is 0.4.</param>
    /// <exception cref="InvalidOperationException">The model was built without training copies.</exception>
    /// <exception cref="ArgumentException">Images, texts and ids are not pairs, or all of one image.</exception>
    public RetrievalLosses TrainingStep(
        Tensor images, Tensor ids, Tensor mask, Tensor imageIds, double distillation, Generator? generator = null)
    {
        var queues = Queues;
        CheckPairs(images, ids, imageIds);
        LimitTemperature();
        var (image, text) = (EncodeImages(images), EncodeTexts(ids, mask));
        var online = new ContrastiveFeatures(image.Feature, text.Feature);
        var (momentum, momentumAligned) = MomentumPass(images, ids, mask);
        var contrastive = ContrastiveLoss.Evaluate(online, momentum, queues, imageIds, temp.reciprocal(), distillation);
        queues.Enqueue(momentum, imageIds);
        var matching = MatchingLoss(image, text, ids, mask, imageIds, generator);
        return new RetrievalLosses(contrastive, matching, AlignedFeatures.Of(image.Tokens, text.Tokens), momentumAligned, online,
            image.Tokens);
    }

    private (ContrastiveFeatures Features, AlignedFeatures? Aligned) MomentumPass(Tensor images, Tensor ids, Tensor mask)
    {
        using var off = no_grad();
        MoveCopies(Config.Contrastive!.Momentum);
        var image = Encoded(visual_encoder_m!.forward(images), vision_proj_m!);
        var text = Encoded(text_encoder_m!.Forward(ids, mask, []), text_proj_m!);
        return (new ContrastiveFeatures(image.Feature, text.Feature), AlignedFeatures.Of(image.Tokens, text.Tokens));
    }

    private Tensor MatchingLoss(
        ContrastiveEncoding image, ContrastiveEncoding text, Tensor ids, Tensor mask, Tensor imageIds, Generator? generator)
    {
        var pairs = ids.shape[0];
        var every = new ContrastiveFeatures(image.Feature.detach(), text.Feature.detach()).Gathered(); // of all ranks
        var everyId = Ranks.Gather(imageIds);
        var similarity = every.Image.MatMul(every.Text.t()) / temp.detach(); // [B, B]
        var wrongImage = Ranks.Own(HardNegatives.Draw(similarity.t(), everyId, generator)); // one for each text
        var wrongText = Ranks.Own(HardNegatives.Draw(similarity, everyId, generator)); // one for each image
        var encode = WithEncode(ids);
        var right = Read(ImageContext.Of(image.Tokens), encode, mask); // [B, D]
        var wrong = Read(
            WithWrongFirst(image.Tokens, wrongImage),
            cat([encode, Ranks.Gather(encode).index_select(0, wrongText)], 0),
            cat([mask, Ranks.Gather(mask).index_select(0, wrongText)], 0)); // [2B, D]
        var labels = cat([ones([pairs], dtype: int64, device: ids.device), zeros([2 * pairs], dtype: int64, device: ids.device)],
            0);
        return nn.functional.cross_entropy(itm_head.forward(cat([right, wrong], 0)), labels);
    }

    // A wrong image for every text, then the right image for every wrong text.
    private static ImageContext WithWrongFirst(TokenState images, Tensor wrong)
    {
        var (x, mask) = (images.X, images.Mask);
        if (Ranks.Count > 1)
        {
            // Ranks may have left their images different numbers of tokens.
            var missing = Ranks.Gather(x.shape[1]).Max() - x.shape[1];
            mask = Ranks.Any(missing > 0 || mask is not null)
                ? nn.functional.pad(mask ?? ones(x.shape[0], x.shape[1], device: x.device), [0, missing]) : null;
            x = nn.functional.pad(x, [0, 0, 0, missing]);
        }

        return new(
            cat([Ranks.Gather(x).index_select(0, wrong), x], 0),
            mask is null ? null : cat([Ranks.Gather(mask).index_select(0, wrong), mask], 0));
    }

    private Tensor Read(ImageContext image, Tensor ids, Tensor mask) => text_encoder.Forward(ids, mask, [image]).X.select(1, 0);

    private Tensor WithEncode(Tensor ids) =>
        cat([full_like(ids.slice(1, 0, 1, 1), Config.EncodeId), ids.slice(1, 1, ids.shape[1], 1)], 1);

    private void LimitTemperature()
    {
        using var off = no_grad();
        temp.clamp_(0.001, 0.5);
    }

    private static ContrastiveEncoding Encoded(TokenState tokens, Linear projection) =>
        new(ContrastiveFeatures.Unit(projection.forward(tokens.X.select(1, 0))), tokens);

    private static (VisionTransformer Vision, TextTransformer Text, Linear VisionProjection, Linear TextProjection) Encoders(
        BlipConfig config) => (
        new VisionTransformer(config.Vision, config.Alignment),
        new TextTransformer(config.Text, config.Alignment),
        nn.Linear(config.Vision.Width, config.EmbedWidth),
        nn.Linear(config.Text.Width, config.EmbedWidth));

    private ReducibleEncoder ImageEncoder(string name, VisionTransformer encoder) =>
        new(name, Modality.Image, encoder.Blocks, () => space_dict);

    private ReducibleEncoder TextEncoderOf(string name, TextTransformer encoder) =>
        new(name, Modality.Text, encoder.Layers, () => space_dict) { MaskGather = MaskGather.WithTokens };
}

/// <summary>Wrong partners for image-text matching, the likelier drawn the more similar they are.</summary>
public static class HardNegatives
{
    /// <summary>Draws one column per row with probability softmax(similarity), never one that shows the row's own image. Whatever
    /// the device, lots are drawn on the processor, whose random state checkpoints hold.</summary>
    /// <param name="similarity">Scaled similarities, <c>[B, B]</c>.</param>
    /// <param name="imageIds">Ids that tell images apart, <c>[B]</c> int64.</param>
    /// <returns>A column for each row, <c>[B]</c> int64.</returns>
    /// <exception cref="ArgumentException">A row has no column of another image.</exception>
    public static Tensor Draw(Tensor similarity, Tensor imageIds, Generator? generator = null)
    {
        using var off = no_grad();
        var same = imageIds.view(-1, 1).eq(imageIds.view(1, -1)); // [B, B]
        Guard.Argument(!same.all(1).any().item<bool>(),
            $"all {imageIds.shape[0]} samples of the batch show one image; matching needs a second one to draw a wrong "
            + $"partner from", nameof(imageIds));

        // Masked before the softmax rather than after: the same distribution, but it cannot underflow to nothing.
        var weights = similarity.detach().masked_fill(same, float.NegativeInfinity).softmax(1);
        return weights.to(float32).cpu().multinomial(1, false, generator).squeeze(1).to(similarity.device);
    }
}
