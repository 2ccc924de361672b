using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>BLIP for captioning: says what an image shows. Image tokens may be reduced; the text decoder's never are, so it has
/// no aligned feature and the alignment loss has nothing to compare (defect 7 of the released code). Parameter names are those of
/// its checkpoints.</summary>
public sealed class BlipCaptioner(BlipConfig config) : Part, IReducibleModel
{
    private readonly Parameter? space_dict = AlignmentConfig.LearnableTokens(config.Alignment);
    private readonly VisionTransformer visual_encoder = new(config.Vision, config.Alignment);
    private readonly TextDecoder text_decoder = new(config.Text);

    /// <summary>What BLIP's captions of real images begin with; it is given, not generated.</summary>
    public static string Prompt => "a picture of ";

    public BlipConfig Config { get; } = config;
    public VisionTransformer VisualEncoder => visual_encoder;
    public TextDecoder TextDecoder => text_decoder;

    public IReadOnlyList<ReducibleEncoder> ReducibleEncoders =>
        [new("visual_encoder", Modality.Image, visual_encoder.Blocks, () => space_dict)];

    /// <summary>Scores given captions of images <c>[B, 3, H, W]</c> (teacher forcing).</summary>
    /// <param name="ids">Caption tokens with [DEC] first and the prompt after it, <c>[B, N]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
    /// <param name="promptLength">Tokens at the beginning that are given, [DEC] included; the loss leaves them out.</param>
    /// <exception cref="ArgumentException">Images and captions are not pairs.</exception>
    public CaptionOutput Forward(Tensor images, Tensor ids, Tensor mask, int promptLength)
    {
        Guard.Argument(images.shape[0] == ids.shape[0],
            $"{images.shape[0]} images and {ids.shape[0]} captions are not pairs", nameof(ids));
        var vision = visual_encoder.forward(images); // [B, S, D_v]
        var logits = text_decoder.Forward(ids, mask, ImageContext.Of(vision)); // [B, N, V]
        var targets = LanguageModelLoss.Targets(ids, Config.Text.PaddingId, promptLength);
        return new CaptionOutput(logits, LanguageModelLoss.Mean(logits, targets), vision);
    }

    /// <summary>Captions images <c>[B, 3, H, W]</c>.</summary>
    /// <param name="prompt">Tokens that every caption begins with, [DEC] first: <c>[n]</c> int64.</param>
    /// <returns>Token ids, prompt and end included, padded after their end, <c>[B, N]</c> int64.</returns>
    public Tensor Generate(Tensor images, Tensor prompt, GenerationSettings? settings = null)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var prompts = prompt.view(1, -1).repeat(images.shape[0], 1); // [B, n]
        return Generate(ImageContext.Of(visual_encoder.forward(images)), prompts, settings).MoveToOuterDisposeScope();
    }

    /// <summary>Captions encoded images, each after its own prompt <c>[B, n]</c>, all prompts of one length.</summary>
    public Tensor Generate(ImageContext images, Tensor prompts, GenerationSettings? settings = null)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var decoder = new CachedDecoder(text_decoder, images);
        return TextGeneration.Generate(decoder, prompts, settings ?? new GenerationSettings()).MoveToOuterDisposeScope();
    }
}

/// <summary>What BLIP makes of images beside their captions in training.</summary>
/// <param name="Logits">Scores of the word after each token, <c>[B, N, V]</c>.</param>
/// <param name="Loss">Mean cross-entropy, labels smoothed, of the words after the prompt; a scalar.</param>
/// <param name="Vision">Final image tokens, <c>[B, S, D_v]</c>.</param>
public sealed record CaptionOutput(Tensor Logits, Tensor Loss, TokenState Vision);
