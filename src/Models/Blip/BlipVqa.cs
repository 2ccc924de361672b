using Madtp.Kit.Madtp;
using Madtp.Kit.Models.Decoding;
using Madtp.Kit.Models.Text;
using Madtp.Kit.Models.Vision;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>
/// BLIP for visual question answering: reads a question with its image, then generates an answer, or ranks given ones. Image and
/// question tokens may be reduced, the answer decoder's never are. Parameter names are those of its checkpoints.
/// </summary>
public sealed class BlipVqa : nn.Module, IReducibleModel, IPrunableModel<BlipConfig>
{
    private readonly Parameter? space_dict;
    private readonly VisionTransformer visual_encoder;
    private readonly TextTransformer text_encoder;
    private readonly TextDecoder text_decoder;

    /// <summary>Creates the model with random weights.</summary>
    public BlipVqa(BlipConfig config) : base(nameof(BlipVqa))
    {
        Config = config;
        space_dict = LearnableTokens.Create(config.Alignment);
        visual_encoder = new VisionTransformer(config.Vision, config.Alignment);
        text_encoder = TextTransformer.Med(config.Text, config.Alignment);
        text_decoder = new TextDecoder(config.Decoder with { EncoderWidth = config.Text.Width }); // it reads questions
        RegisterComponents();
    }

    /// <summary>The model's sizes.</summary>
    public BlipConfig Config { get; }

    /// <summary>The image encoder.</summary>
    public VisionTransformer VisualEncoder => visual_encoder;

    /// <summary>The question encoder.</summary>
    public TextTransformer TextEncoder => text_encoder;

    /// <summary>The answer decoder.</summary>
    public TextDecoder TextDecoder => text_decoder;

    /// <inheritdoc/>
    public IReadOnlyList<ReducibleEncoder> ReducibleEncoders =>
    [
        new("visual_encoder", Modality.Image, visual_encoder.Blocks, () => space_dict),
        new("text_encoder", Modality.Text, text_encoder.Layers, () => space_dict) { MaskGather = MaskGather.WithTokens },
    ];

    /// <inheritdoc/>
    public IReadOnlyList<PrunableWidth> PrunableWidths =>
    [
        .. visual_encoder.PrunableWidths(nameof(visual_encoder)),
        .. text_encoder.PrunableWidths(nameof(text_encoder)),
        .. text_decoder.PrunableWidths(nameof(text_decoder)),
    ];

    /// <summary>Reads questions with their images.</summary>
    /// <param name="images">One image a question, <c>[B, 3, H, W]</c>.</param>
    /// <param name="ids">Question tokens with [ENC] first, <c>[B, N]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
    /// <exception cref="ArgumentException">Images and questions are not pairs.</exception>
    public VqaEncoding Read(Tensor images, Tensor ids, Tensor mask)
    {
        if (images.shape[0] != ids.shape[0])
        {
            throw new ArgumentException($"{images.shape[0]} images and {ids.shape[0]} questions are not pairs", nameof(ids));
        }

        var vision = visual_encoder.forward(images); // [B, S, D_v]
        return new VqaEncoding(vision, text_encoder.Forward(ids, mask, [ImageContext.Of(vision)]));
    }

    /// <summary>
    /// Scores given answers (training).
    /// </summary>
    /// <param name="images">One image a question, <c>[B, 3, H, W]</c>.</param>
    /// <param name="ids">Question tokens with [ENC] first, <c>[B, N]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
    /// <param name="answers">The answers and what they weigh.</param>
    public VqaOutput Forward(Tensor images, Tensor ids, Tensor mask, VqaAnswers answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        var encoding = Read(images, ids, mask);
        var questions = Context(encoding.Question);
        var asked = new ImageContext(questions.Tokens.index_select(0, answers.QuestionOf), questions.Mask?.index_select(0, answers.QuestionOf)); // one an answer
        var logits = text_decoder.Forward(answers.Ids, answers.Mask, asked); // [A, N, V]
        var losses = LanguageModelLoss.PerText(logits, LanguageModelLoss.Targets(answers.Ids, Config.Text.PaddingId)); // [A]
        return new VqaOutput((answers.Weights * losses).sum() / images.shape[0], logits, encoding, AlignmentTerm(encoding));
    }

    /// <summary>Answers questions that were read, by ranking candidates: <paramref name="k"/> of them (<c>k_test</c>, 128) are read to their end.</summary>
    public RankedAnswers Rank(VqaEncoding encoding, AnswerCandidates candidates, int k = 128)
    {
        ArgumentNullException.ThrowIfNull(encoding);
        ArgumentNullException.ThrowIfNull(candidates);
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var ranked = AnswerRanking.Rank(text_decoder, Context(encoding.Question), candidates, k);
        return new RankedAnswers(ranked.Best.MoveToOuterDisposeScope(), ranked.Candidates.MoveToOuterDisposeScope(), ranked.Scores.MoveToOuterDisposeScope());
    }

    /// <summary>Answers questions that were read in free words.</summary>
    /// <param name="encoding">The questions.</param>
    /// <param name="settings">How; 3 beams and up to 10 tokens if null.</param>
    /// <returns>Token ids, [DEC] and end included, padded after their end, <c>[B, N]</c> int64.</returns>
    public Tensor Generate(VqaEncoding encoding, GenerationSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(encoding);
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var decoder = new CachedDecoder(text_decoder, Context(encoding.Question));
        var begin = full([encoding.Question.X.shape[0], 1], Config.DecodeId, dtype: int64, device: encoding.Question.X.device);
        return TextGeneration.Generate(decoder, begin, settings ?? GenerationSettings.Answer).MoveToOuterDisposeScope();
    }

    // The released decoder reads padding of questions as if it were words (defect 4).
    private ImageContext Context(TokenState question) =>
        text_encoder.Layers is [{ Reducer.ExcludesPadding: false }, ..] ? new ImageContext(question.X) : ImageContext.Of(question);

    private static Tensor? AlignmentTerm(VqaEncoding encoding) =>
        encoding is { Vision.AlignmentFeature: { } seen, Question.AlignmentFeature: { } read } ? AlignmentLoss.Similarity(seen, read) : null;
}
