using System.Text.Json;
using Madtp.Kit.Cost;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>The answers among which questions are answered.</summary>
/// <param name="Words">The answers in words.</param>
/// <param name="Tokens">The same in tokens.</param>
/// <param name="Considered">How many of them are read to their end for each question (<c>k_test</c>).</param>
public sealed record AnswerVocabulary(IReadOnlyList<string> Words, AnswerCandidates Tokens, int Considered)
{
    /// <summary>Answers as a model's tokenizer encodes them.</summary>
    /// <param name="words">The answers.</param>
    /// <param name="encode">Token ids of one, [DEC] first and [SEP] last.</param>
    /// <param name="considered">How many are read to their end for each question; all where there are fewer.</param>
    public static AnswerVocabulary Of(IReadOnlyList<string> words, Func<string, int[]> encode, int considered = 128)
    {
        ArgumentNullException.ThrowIfNull(words);
        var (ids, mask) = TextEncoding.Batch([.. words.Select(encode)], 0);
        var candidates = new AnswerCandidates(ids.DetachFromDisposeScope(), mask.DetachFromDisposeScope());
        return new AnswerVocabulary(words, candidates, Math.Min(considered, words.Count));
    }

    /// <summary>The toy world's: any answer of the training questions, all of them read to their end.</summary>
    /// <param name="world">The captioned scenes that are asked about; the usual ones if null.</param>
    public static AnswerVocabulary Toy(ToyCaptionSettings? world = null)
    {
        var words = ToyQuestionedImages.AnswerList(world);
        return Of(words, ToyTokens.Answer, words.Count);
    }
}

/// <summary>BLIP on VQA v2: each question is answered by ranking a list of answers. An example is a question with its image and all its answers.</summary>
public sealed class VqaTask : ModelTask<QuestionedImages>
{
    private const int Usual = 100; // questions answered at once

    private readonly BlipVqa model;
    private readonly AnswerVocabulary answers;
    private readonly PatchHead? patchHead;
    private readonly WordHead? wordHead;
    private readonly RunCosts costs;
    private readonly VqaFileNames? files;
    private readonly string? vocabulary;

    /// <summary>A task on splits of any origin: <c>train</c>, <c>val</c> and what is scored.</summary>
    /// <param name="model">The model, on the device that it computes on.</param>
    /// <param name="answers">What is chosen among where the model is scored.</param>
    /// <param name="settings">What is trained and scored.</param>
    /// <param name="open">Opens a split.</param>
    public VqaTask(BlipVqa model, AnswerVocabulary answers, TaskSettings settings, Func<string, QuestionedImages> open) : base(model, settings, open)
    {
        ArgumentNullException.ThrowIfNull(model);
        (this.model, this.answers, costs) = (model, answers, RunCosts.Of(model));
        (patchHead, wordHead) = (PatchHead.For(settings, model.Config.Vision.Width, Device), WordHead.For(settings, model.Config.Text.Width, Device));
    }

    private VqaTask(BlipVqa model, TaskSettings settings, VqaFileNames files, BlipTexts texts)
        : this(model, AnswerVocabulary.Of(AnswerList.Load(files.Answers), texts.Answer, settings.Candidates ?? 128), settings, split => files.Open(split, settings, texts, model.Config.Vision.ImageSize)) =>
        (this.files, vocabulary) = (files, texts.Path);

    /// <inheritdoc/>
    public override string Name => "vqa";

    /// <inheritdoc/>
    public override string CostOf => "a question about an image";

    /// <summary>Of VQA v2 only val2014 has public answers; trained on those too, its test is what the server scores.</summary>
    public override string TestSplit => files is null ? "test" : Settings.TrainOnValidation ? "test-dev2015" : "val2014";

    /// <inheritdoc/>
    public override nn.Module Model => model;

    /// <inheritdoc/>
    public override int Examples => Train.Count;

    private protected override IEnumerable<(string Name, nn.Module Module)> Heads => TrainingHeads.Of(patchHead, wordHead);

    /// <summary>Opens the toy world, or VQA v2's files in their makers' form or BLIP's.</summary>
    /// <exception cref="FileNotFoundException">A file is missing; the message says where it belongs.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or does not fit the model.</exception>
    public static VqaTask Open(TaskSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using var checkpoint = TaskModel.Checkpoint(settings);
        if (settings.Data is null)
        {
            var toy = TaskModel.Blip(settings, checkpoint, BlipConfig.ToyLanguage, config => new BlipVqa(config));
            return new VqaTask(toy, AnswerVocabulary.Toy(settings.OpenedScenes), settings, split => ToyQuestionedImages.Draw(split, settings.OpenedScenes));
        }

        var files = new VqaFileNames(settings);
        var sizes = CheckpointSizes.Blip(checkpoint!, settings.Untold);
        var texts = BlipTexts.Open(sizes, checkpoint!, files.Files, settings.Vocabulary);
        return new VqaTask(TaskModel.Blip(settings, checkpoint, sizes, config => new BlipVqa(config)), settings, files, texts);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Inputs(params IEnumerable<string> splits) => files is null ? [] : [.. files.Paths(splits), vocabulary!];

    /// <inheritdoc/>
    public override VqaTask With(nn.Module other) => new((BlipVqa)other, answers, Unreduced, Split) { OwnsSplits = false };

    /// <inheritdoc/>
    public override int TextLength(int example) => Train.TextLength(example);

    /// <inheritdoc/>
    public override void Prefetch(IEnumerable<PlannedBatch> plan) => Train.Prefetch(plan);

    /// <inheritdoc/>
    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var questions = examples.ToArray();
        var (images, ids, mask) = Train.TrainingBatch(Epoch, examples, Device);
        var (answerIds, answerMask, weights, questionOf) = Train.Answers(questions, Device);
        using var trace = Active?.Record();
        var output = model.Forward(images, ids, mask, new VqaAnswers(answerIds, answerMask, weights, questionOf));
        return new StepLosses(output.Loss, WordsRight(output.Logits, LanguageModelLoss.Targets(answerIds, model.Config.Text.PaddingId)))
        {
            Alignment = AlignmentLoss.Of(output.Aligned, Settings.Guidance),
            Auxiliary = TrainingHeads.Sum(
                patchHead?.Loss(output.Encoding.Vision.X, Train.PatchClasses(questions, Device)!).mul(Settings.PatchWeight),
                wordHead?.Loss(output.Encoding.Question.X, Train.NamedCounts(questions, Device)!).mul(Settings.WordWeight)),
            ImageTokens = LastOf(trace, "visual_encoder"),
            TextTokens = LastOf(trace, "text_encoder"),
            Macs = trace is null ? null : costs.PerPair(trace, [.. questions.Select(Train.TextLength)]).Average(),
        };
    }

    /// <inheritdoc/>
    public override Evaluation Validate() => Evaluate("val");

    /// <summary>Answers every question by ranking and compares with people's answers: accuracy, multiply-accumulates, tokens per layer.</summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="split">The questions.</param>
    /// <param name="name">What to call them.</param>
    /// <param name="answers">What is chosen among.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="scoring">How; shuffled, every question gets another question's image.</param>
    /// <returns>Accuracy is VQA's, 0 to 1, also by the questions' first words and by the answers' kind; 0 where answers are not public.</returns>
    public static Evaluation Evaluate(BlipVqa model, QuestionedImages split, string name, AnswerVocabulary answers, TokenReduction? reduction = null, Scoring? scoring = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(split);
        ArgumentNullException.ThrowIfNull(answers);
        scoring ??= new Scoring();
        model.eval();
        var costs = RunCosts.Of(model);
        var count = Math.Min(scoring.Limit ?? split.Count, split.Count);
        using var scope = NewDisposeScope();
        var device = Placement.DeviceOf(model);
        var candidates = answers.Tokens.To(device);
        var (given, tokens, resumed) = scoring.Answers(count, Usual, "answers", reduction, (questions, trace) =>
        {
            var (images, ids, mask) = split.Batch(questions, scoring.Shuffle != Shuffle.None, device);
            var best = model.Rank(model.Read(images, ids, mask), candidates, answers.Considered).Best.cpu().data<long>().ToArray();
            return Costs(costs, split, questions, trace).Select((spent, i) => new Answer(answers.Words[(int)best[i]], null, spent.Macs, spent.Dense));
        });
        VqaQuestion[] truth = [.. Enumerable.Range(0, count).Select(question => split.Truth[question])];
        var scores = truth.Any(question => question.Answers.Count == 0)
            ? null // test: the answers are not public, a server scores the submission
            : VqaAccuracy.Compute(truth, truth.Zip(given).ToDictionary(pair => pair.First.QuestionId, pair => pair.Second.Text));
        var kinds = scores?.PerAnswerType.OrderBy(type => type.Key, StringComparer.Ordinal).ToArray() ?? [];
        return new Evaluation(name, count, (scores?.Overall ?? 0) / 100, given.Average(a => a.Macs), given.Average(a => a.DenseMacs))
        {
            Scores = scores is null ? [] : [new("accuracy", scores.Overall), .. kinds.Select(type => KeyValuePair.Create($"  {type.Key}", type.Value))],
            ByKind = scores is null ? new Dictionary<string, double>() : scores.PerQuestionType.OrderBy(kind => kind.Key, StringComparer.Ordinal)
                .Concat(scores.PerAnswerType.Select(kind => KeyValuePair.Create($"answer: {kind.Key}", kind.Value))).ToDictionary(kind => kind.Key, kind => kind.Value / 100),
            Temperature = reduction?.Temperature,
            Tokens = tokens,
            Resumed = resumed,
            Submission = scoring.Folder is { } folder ? Submit(Path.Combine(folder, "vqa_result.json"), truth, given) : null,
        };
    }

    /// <inheritdoc/>
    protected override Evaluation Score(string split, Scoring scoring) => Evaluate(model, Split(split), split, answers, Active, scoring);

    /// <inheritdoc/>
    internal override void Identify(RunIdentity identity, string split) => identity.Add("candidates", answers.Considered);

    /// <inheritdoc/>
    protected override (double Macs, double Dense) CalibrationCost(TokenReduction? reduction)
    {
        var split = Calibrating;
        var count = Math.Min(Settings.CalibrationExamples, split.Count);
        if (reduction is null)
        {
            var dense = Enumerable.Range(0, count).Average(question => (double)costs.Dense(split.TextLength(question)));
            return (dense, dense);
        }

        var spent = new Scoring().Answers(count, Usual, "calibration", reduction, (questions, trace) =>
        {
            var (images, ids, mask) = split.Batch(questions, device: Device);
            model.Read(images, ids, mask); // decoders are never reduced
            return Costs(costs, split, questions, trace).Select(one => new Answer(string.Empty, null, one.Macs, one.Dense));
        });
        return (spent.All.Average(one => one.Macs), 0);
    }

    private static (double Macs, double Dense)[] Costs(RunCosts costs, QuestionedImages split, int[] questions, ReductionTrace? trace)
    {
        int[] lengths = [.. questions.Select(split.TextLength)];
        var macs = trace is null ? [.. lengths.Select(costs.Whole)] : costs.PerPair(trace, lengths);
        return [.. lengths.Select((length, i) => ((double)macs[i], (double)costs.Dense(length)))];
    }

    private static string Submit(string path, VqaQuestion[] questions, IReadOnlyList<Answer> given)
    {
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, questions.Zip(given, (question, answer) => new { question_id = question.QuestionId, answer = answer.Text })));
        return path;
    }
}
