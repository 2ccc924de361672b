using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Text;
using Madtp.Kit.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>Trains BLIP to answer questions about images. An example is a question with its image and all its answers.</summary>
public sealed class VqaTask : BudgetTask
{
    private readonly BlipVqa model;
    private readonly QuestionedImages train;
    private readonly QuestionedImages validation;
    private readonly AnswerVocabulary answers;
    private readonly BudgetSettings settings;
    private readonly PatchHead? patchHead;
    private readonly WordHead? wordHead;
    private readonly Device device;

    /// <summary>Attaches the method to the model; dispose to detach it.</summary>
    /// <param name="model">The model, alignment guidance included, on the device that it is to be trained on.</param>
    /// <param name="train">Questions to train on.</param>
    /// <param name="validation">Questions to watch.</param>
    /// <param name="answers">What is chosen among where the model is scored.</param>
    /// <param name="settings">What is trained.</param>
    /// <param name="method">How tokens are reduced; MADTP if null.</param>
    /// <param name="patchClasses">Classes of patches, where their loss has a weight.</param>
    public VqaTask(BlipVqa model, QuestionedImages train, QuestionedImages validation, AnswerVocabulary answers, BudgetSettings settings, PruningMethod? method = null, int patchClasses = 0)
        : base(model, settings, method)
    {
        ArgumentNullException.ThrowIfNull(model);
        (this.model, this.train, this.validation, this.answers, this.settings) = (model, train, validation, answers, settings);
        device = Placement.DeviceOf(model);
        patchHead = settings.PatchWeight > 0 ? new PatchHead(model.Config.Vision.Width, patchClasses).to(device) : null;
        wordHead = settings.WordWeight > 0 ? new WordHead(model.Config.Text.Width, largest: 3).to(device) : null;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, nn.Module Module)> Modules =>
        [.. new (string, nn.Module?)[] { ("model", model), ("patch_head", patchHead), ("word_head", wordHead) }.Where(m => m.Item2 is not null).Select(m => (m.Item1, m.Item2!))];

    /// <inheritdoc/>
    public override int Examples => train.Count;

    /// <inheritdoc/>
    public override int TextLength(int example) => train.TextLength(example);

    /// <inheritdoc/>
    public override void Foresee(IEnumerable<PlannedBatch> plan) => train.Foresee(plan);

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var questions = examples.ToArray();
        var (images, ids, mask) = train.TrainingBatch(Epoch, examples, device);
        var (answerIds, answerMask, weights, questionOf) = train.Answers(questions, device);
        using var trace = Active?.Record();
        var output = model.Forward(images, ids, mask, new VqaAnswers(answerIds, answerMask, weights, questionOf));
        return new StepLosses(output.Loss, WordsRight(output.Logits, LanguageModelLoss.Targets(answerIds, model.Config.Text.PaddingId)))
        {
            Alignment = output.AlignmentLoss,
            Auxiliary = Auxiliary(output.Encoding, questions),
            ImageTokens = LastOf(trace, "visual_encoder"),
            TextTokens = LastOf(trace, "text_encoder"),
            Macs = trace is null ? null : new VqaCosts(model.Config).PerPair(trace, [.. questions.Select(train.TextLength)]).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Evaluate(validation, "validation");

    /// <summary>Scores the model as it is now, reduced where the task has a budget.</summary>
    public Evaluation Evaluate(QuestionedImages split, string name, bool shuffle = false) =>
        WithoutFeatures(() => VqaEvaluator.Evaluate(model, split, name, answers, Active, shuffle));

    /// <inheritdoc/>
    protected override (double Macs, double Dense) Cost(int[] examples, TokenReduction? reduction) => VqaEvaluator.Cost(model, train, examples, reduction);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        patchHead?.Dispose();
        wordHead?.Dispose();
    }

    private Tensor? Auxiliary(VqaEncoding encoding, int[] questions)
    {
        var patches = patchHead is null ? null : patchHead.Loss(encoding.Vision.X, train.PatchClasses(questions, device)!) * settings.PatchWeight;
        var words = wordHead is null ? null : wordHead.Loss(encoding.Question.X, train.NamedCounts(questions, device)!) * settings.WordWeight;
        return patches is null ? words : words is null ? patches : patches + words;
    }
}

/// <summary>Scores a VQA model on a split: the official accuracy, multiply-accumulates of each question, tokens per layer.</summary>
public static class VqaEvaluator
{
    private const int Batch = 100;

    /// <summary>
    /// Answers every question by ranking and compares with people's answers.
    /// </summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="split">The questions.</param>
    /// <param name="name">What to call them.</param>
    /// <param name="answers">What is chosen among.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="shuffle">Gives every question another question's image, to show that it is needed.</param>
    /// <param name="limit">Scores the first questions only.</param>
    /// <returns>Accuracy is VQA's, 0 to 1, also by the questions' first words and by the answers' kind.</returns>
    public static Evaluation Evaluate(BlipVqa model, QuestionedImages split, string name, AnswerVocabulary answers, TokenReduction? reduction = null, bool shuffle = false, int? limit = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(answers);
        int[] questions = [.. Enumerable.Range(0, Math.Min(limit ?? split.Count, split.Count))];
        var costs = new VqaCosts(model.Config);
        var given = new Dictionary<long, string>();
        var tokens = new TokenMeans();
        double macs = 0, whole = 0;
        var device = Placement.DeviceOf(model);
        using var all = NewDisposeScope();
        var candidates = answers.Tokens.To(device);
        var dense = questions.Average(question => (double)costs.Dense(split.TextLength(question)));
        model.eval();
        using var off = no_grad();
        using var trace = reduction?.Record();
        foreach (var some in questions.Chunk(Batch))
        {
            using var scope = NewDisposeScope();
            var (images, ids, mask) = split.Batch(some, shuffle, device);
            var best = model.Rank(model.Read(images, ids, mask), candidates, answers.Considered).Best.cpu().data<long>().ToArray();
            foreach (var (question, answer) in some.Zip(best))
            {
                given[split.Truth[question].QuestionId] = answers.Words[(int)answer];
            }

            whole += some.Sum(question => (double)costs.Whole(split.TextLength(question)));
            macs += trace is null ? 0 : costs.PerPair(trace, [.. some.Select(split.TextLength)]).Sum(one => (double)one);
            tokens.Add(trace);
            trace?.Clear();
        }

        var scores = VqaAccuracy.Compute([.. questions.Select(question => split.Truth[question])], given);
        return new Evaluation(name, questions.Length, scores.Overall / 100, (trace is null ? whole : macs) / questions.Length, dense)
        {
            ByKind = scores.PerQuestionType.OrderBy(kind => kind.Key, StringComparer.Ordinal).Concat(scores.PerAnswerType.Select(kind => KeyValuePair.Create($"answer: {kind.Key}", kind.Value)))
                .ToDictionary(kind => kind.Key, kind => kind.Value / 100),
            Temperature = reduction?.Temperature,
            Tokens = tokens.Means(),
        };
    }

    /// <summary>Multiply-accumulates of some questions, means: as reduced (as plain, where no reduction is given) and as plain.</summary>
    internal static (double Macs, double Dense) Cost(BlipVqa model, QuestionedImages split, int[] questions, TokenReduction? reduction)
    {
        using var off = no_grad();
        var costs = new VqaCosts(model.Config);
        var dense = questions.Average(question => (double)costs.Dense(split.TextLength(question)));
        if (reduction is null)
        {
            return (questions.Average(question => (double)costs.Whole(split.TextLength(question))), dense);
        }

        double macs = 0;
        var device = Placement.DeviceOf(model);
        model.eval();
        using var trace = reduction.Record();
        foreach (var some in questions.Chunk(Batch))
        {
            using var scope = NewDisposeScope();
            var (images, ids, mask) = split.Batch(some, device: device);
            model.Read(images, ids, mask);
            macs += costs.PerPair(trace, [.. some.Select(split.TextLength)]).Sum(one => (double)one);
            trace.Clear();
        }

        return (macs / questions.Length, dense);
    }
}

/// <summary>The answers among which questions are answered.</summary>
/// <param name="Words">The answers in words.</param>
/// <param name="Tokens">The same in tokens.</param>
/// <param name="Considered">How many of them are read to their end for each question (<c>k_test</c>).</param>
public sealed record AnswerVocabulary(IReadOnlyList<string> Words, AnswerCandidates Tokens, int Considered)
{
    /// <summary>Answers as a model's tokenizer encodes them.</summary>
    /// <param name="words">The answers.</param>
    /// <param name="encode">Token ids of one, [DEC] first and [SEP] last.</param>
    /// <param name="considered">How many are read to their end for each question.</param>
    public static AnswerVocabulary Of(IReadOnlyList<string> words, Func<string, int[]> encode, int considered = 128)
    {
        ArgumentNullException.ThrowIfNull(words);
        var padded = TokenBatch.Pad([.. words.Select(encode)], 0);
        var ids = tensor(padded.Ids, [padded.Count, padded.Length]).DetachFromDisposeScope();
        using var scope = NewDisposeScope();
        var mask = tensor(padded.AttentionMask, [padded.Count, padded.Length]).to(float32).DetachFromDisposeScope();
        return new AnswerVocabulary(words, new AnswerCandidates(ids, mask), considered);
    }
}
