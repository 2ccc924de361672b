using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>BLIP for visual question answering: reads a question with its image, then generates an answer, or ranks given ones.
/// Image and question tokens may be reduced, the answer decoder's never are. Parameter names are its checkpoints'.</summary>
public sealed class BlipVqa(BlipConfig config) : Part, IReducibleModel
{
    private readonly Parameter? space_dict = AlignmentConfig.LearnableTokens(config.Alignment);
    private readonly VisionTransformer visual_encoder = new(config.Vision, config.Alignment);
    private readonly TextTransformer text_encoder = new(config.Text, config.Alignment);
    private readonly TextDecoder text_decoder = new(config.Text with { EncoderWidth = config.Text.Width }); // it reads questions

    public BlipConfig Config { get; } = config;
    public VisionTransformer VisualEncoder => visual_encoder;
    public TextTransformer TextEncoder => text_encoder;
    public TextDecoder TextDecoder => text_decoder;

    public IReadOnlyList<ReducibleEncoder> ReducibleEncoders =>
    [
        new("visual_encoder", Modality.Image, visual_encoder.Blocks, () => space_dict),
        new("text_encoder", Modality.Text, text_encoder.Layers, () => space_dict) { MaskGather = MaskGather.WithTokens },
    ];

    /// <summary>Reads questions with their images, <c>[B, 3, H, W]</c>.</summary>
    /// <param name="ids">Question tokens with [ENC] first, <c>[B, N]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
    /// <exception cref="ArgumentException">Images and questions are not pairs.</exception>
    public VqaEncoding Read(Tensor images, Tensor ids, Tensor mask)
    {
        Guard.Argument(images.shape[0] == ids.shape[0],
            $"{images.shape[0]} images and {ids.shape[0]} questions are not pairs", nameof(ids));
        var vision = visual_encoder.forward(images); // [B, S, D_v]
        return new VqaEncoding(vision, text_encoder.Forward(ids, mask, [ImageContext.Of(vision)]));
    }

    /// <summary>Scores given answers to questions, which it reads as <see cref="Read"/> does (training).</summary>
    public VqaOutput Forward(Tensor images, Tensor ids, Tensor mask, VqaAnswers answers)
    {
        var encoding = Read(images, ids, mask);
        var questions = Context(encoding.Question);
        // one an answer
        var asked = new ImageContext(
            questions.Tokens.index_select(0, answers.QuestionOf), questions.Mask?.index_select(0, answers.QuestionOf));
        var logits = text_decoder.Forward(answers.Ids, answers.Mask, asked); // [A, N, V]
        var losses = LanguageModelLoss.PerText(logits, LanguageModelLoss.Targets(answers.Ids, Config.Text.PaddingId)); // [A]
        return new VqaOutput((answers.Weights * losses).sum() / images.shape[0], logits, encoding);
    }

    /// <summary>Answers questions that were read, by ranking candidates: <paramref name="k"/> of them (<c>k_test</c>, 128) are
    /// read to their end, those whose first word is likeliest.</summary>
    /// <exception cref="ArgumentException">There are no candidates, or k is not positive.</exception>
    public RankedAnswers Rank(VqaEncoding encoding, AnswerCandidates candidates, int k = 128)
    {
        Guard.Argument(k >= 1 && candidates.Ids.shape[0] != 0,
            $"{candidates.Ids.shape[0]} candidate answers of which {k} are to be read leave nothing to answer", nameof(k));
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var read = text_decoder.Project(Context(encoding.Question)); // once for all candidates
        var likely = First(read, candidates, (int)Math.Min(k, candidates.Ids.shape[0])); // [B, k]
        var scores = stack([.. Enumerable.Range(0, (int)likely.shape[0]).Select(question =>
        {
            // One question at a time: scores of all words are wide.
            using var each = NewDisposeScope();
            return Whole(One(read, question), candidates, likely[question]).MoveToOuterDisposeScope();
        })]); // [B, k]
        var best = likely.gather(1, scores.argmax(1, keepdim: true)).squeeze(1);
        return new RankedAnswers(
            best.MoveToOuterDisposeScope(), likely.MoveToOuterDisposeScope(), scores.MoveToOuterDisposeScope());
    }

    /// <summary>Answers questions that were read in free words.</summary>
    /// <returns>Token ids, [DEC] and end included, padded after their end, <c>[B, N]</c> int64.</returns>
    public Tensor Generate(VqaEncoding encoding, GenerationSettings? settings = null)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        using var decoder = new CachedDecoder(text_decoder, Context(encoding.Question));
        var begin = full([encoding.Question.X.shape[0], 1], Config.DecodeId, dtype: int64, device: encoding.Question.X.device);
        return TextGeneration.Generate(decoder, begin, settings ?? GenerationSettings.Answer).MoveToOuterDisposeScope();
    }

    // The released decoder reads padding of questions as if it were words (defect 4).
    private ImageContext Context(TokenState question) =>
        text_encoder.Layers.Any(layer => layer.Reducer is { ExcludesPadding: false })
            ? new ImageContext(question.X, question.Filled) : ImageContext.Of(question);

    private Tensor First(ImageContext read, AnswerCandidates candidates, int k)
    {
        var begin = candidates.Ids.slice(0, 0, 1, 1).slice(1, 0, 1, 1).repeat(read.Tokens.shape[0], 1); // [B, 1]
        var next = text_decoder.Forward(begin, null, read).select(1, 0).softmax(1); // [B, V]
        return next.index_select(1, candidates.Ids.select(1, 1)).topk(k, 1).indexes;
    }

    // Log-likelihood of some whole candidates, [k]; padding that none of them needs is left out, which changes none.
    private Tensor Whole(ImageContext question, AnswerCandidates candidates, Tensor some)
    {
        var mask = candidates.Mask.index_select(0, some);
        var width = mask.to(int64).sum(1).max().item<long>();
        var ids = candidates.Ids.index_select(0, some).slice(1, 0, width, 1);
        mask = mask.slice(1, 0, width, 1);
        var logits = text_decoder.Forward(ids, mask, question);
        return -LanguageModelLoss.PerText(logits, ids.masked_fill(mask.eq(0), LanguageModelLoss.Ignored));
    }

    private static ImageContext One(ImageContext read, int row) =>
        new(Row(read.Tokens, row), read.Mask is { } mask ? Row(mask, row) : null)
    {
        PerLayer = [.. read.PerLayer!.Select(layer => new KeyValue(Row(layer.Key, row), Row(layer.Value, row)))],
    };

    private static Tensor Row(Tensor rows, int row) => rows.slice(0, row, row + 1, 1);
}

/// <summary>Answers that a batch of questions is trained on; a question may have several.</summary>
/// <param name="Ids">Answer tokens with [DEC] first, <c>[A, N]</c> int64.</param>
/// <param name="Mask">1 for tokens, 0 for padding, <c>[A, N]</c>.</param>
/// <param name="Weights">How much each counts: the share of people who gave it, <c>[A]</c>.</param>
/// <param name="QuestionOf">The question that each answers, <c>[A]</c> int64.</param>
public sealed record VqaAnswers(Tensor Ids, Tensor Mask, Tensor Weights, Tensor QuestionOf);

/// <summary>Questions read with their images, ready to be answered.</summary>
/// <param name="Vision">Final image tokens, <c>[B, S, D_v]</c>.</param>
/// <param name="Question">Final question tokens, <c>[B, N, D]</c>.</param>
public sealed record VqaEncoding(TokenState Vision, TokenState Question);

/// <summary>What BLIP makes of questions beside their answers in training.</summary>
/// <param name="Loss">Weighted cross-entropy of the answers, summed over words, mean over the questions; a scalar.</param>
/// <param name="Logits">Scores of the word after each token of each answer, <c>[A, N, V]</c>.</param>
public sealed record VqaOutput(Tensor Loss, Tensor Logits, VqaEncoding Encoding)
{
    /// <summary>What L_sim compares; null where nothing was aligned.</summary>
    public AlignedFeatures? Aligned => AlignedFeatures.Of(Encoding.Vision, Encoding.Question);
}

/// <summary>The answers among which questions are answered (VQA v2: 3,128 of them).</summary>
/// <param name="Ids">Answer tokens with [DEC] first and [SEP] last, <c>[A, N]</c> int64.</param>
/// <param name="Mask">1 for tokens, 0 for padding, <c>[A, N]</c>.</param>
public sealed record AnswerCandidates(Tensor Ids, Tensor Mask)
{
    /// <summary>The same on a device.</summary>
    public AnswerCandidates To(Device device) => new(Ids.to(device), Mask.to(device));
}

/// <summary>Candidate answers ranked for a batch of questions.</summary>
/// <param name="Best">Each question's answer: its number among the candidates, <c>[B]</c> int64.</param>
/// <param name="Candidates">The candidates that were read to the end, likeliest first word first, <c>[B, k]</c> int64.</param>
/// <param name="Scores">Their log-likelihood, labels smoothed as in training, <c>[B, k]</c>.</param>
public sealed record RankedAnswers(Tensor Best, Tensor Candidates, Tensor Scores);
