using Madtp.Kit.Data;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>BLIP for NLVR2: is a statement true of a pair of images? Parameter names are those of its checkpoints.</summary>
public sealed class BlipNlvr(BlipConfig config) : Part, IReducibleModel
{
    private readonly Parameter? space_dict = AlignmentConfig.LearnableTokens(config.Alignment);
    private readonly VisionTransformer visual_encoder = new(config.Vision, config.Alignment);
    private readonly TextTransformer text_encoder = new(config.Text, config.Alignment, readsPairs: true);
    private readonly Sequential cls_head = nn.Sequential(
        ("0", nn.Linear(config.Text.Width, config.Text.Width)), ("1", nn.ReLU()), ("2", nn.Linear(config.Text.Width, 2)));

    public BlipConfig Config { get; } = config;
    public VisionTransformer VisualEncoder => visual_encoder;
    public TextTransformer TextEncoder => text_encoder;

    public IReadOnlyList<ReducibleEncoder> ReducibleEncoders =>
    [
        new("visual_encoder", Modality.Image, visual_encoder.Blocks, () => space_dict),
        new("text_encoder", Modality.Text, text_encoder.Layers, () => space_dict) { MaskGather = MaskGather.ByImportance },
    ];

    /// <summary>Scores a batch of statements.</summary>
    /// <param name="images">Both images of every pair, <c>[2B, 3, H, W]</c>: first all left ones, then all right ones.</param>
    /// <param name="ids">Statement tokens with [ENC] first, <c>[B, N]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
    /// <exception cref="ArgumentException">There are not twice as many images as statements.</exception>
    public NlvrOutput Forward(Tensor images, Tensor ids, Tensor mask)
    {
        var pairs = ids.shape[0];
        Guard.Argument(images.shape[0] == 2 * pairs,
            $"{pairs} statements need {2 * pairs} images (all left ones, then all right ones), not {images.shape[0]}",
            nameof(images));
        return Read(visual_encoder.forward(images), ids, mask);
    }

    /// <summary>Scores a batch of statements about pairs of images that are encoded already.</summary>
    /// <param name="vision">Final tokens of both images of every pair, <c>[2B, S, D_v]</c>: first all left ones.</param>
    public NlvrOutput Read(TokenState vision, Tensor ids, Tensor mask)
    {
        var pairs = ids.shape[0];
        var text = text_encoder.Forward(ids, mask, [Half(vision, 0, pairs), Half(vision, pairs, 2 * pairs)]);
        var logits = cls_head.forward(text.X.select(1, 0)); // [B, 2]
        return new NlvrOutput(logits, vision, text);
    }

    /// <summary>Scores a batch of statements about pairs of images; labels are not looked at.</summary>
    public NlvrOutput Forward(NlvrPairBatch batch) => Forward(batch.Images, batch.Ids, batch.Mask);

    private static ImageContext Half(TokenState tokens, long from, long to) =>
        new(tokens.X.slice(0, from, to, 1), tokens.Mask?.slice(0, from, to, 1));
}

/// <summary>What BLIP answers to a batch of NLVR2 statements.</summary>
/// <param name="Logits">Scores of false and true, <c>[B, 2]</c>.</param>
/// <param name="Vision">Final image tokens, <c>[2B, S, D_v]</c>.</param>
/// <param name="Text">Final text tokens, <c>[B, N, D]</c>.</param>
public sealed record NlvrOutput(Tensor Logits, TokenState Vision, TokenState Text)
{
    /// <summary>What L_sim compares, the features of a pair's two images averaged; null where nothing was aligned.</summary>
    public AlignedFeatures? Aligned => Vision.AlignmentFeature?.chunk(2) is [var left, var right]
        && Text.AlignmentFeature is { } words ? new((left + right) / 2, words) : null;
}
