using Madtp.Kit.Checkpoints;
using Madtp.Kit.Cost;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>The answers among which questions are answered.</summary>
/// <param name="Considered">How many of them are read to their end for each question (<c>k_test</c>).</param>
public sealed record AnswerVocabulary(IReadOnlyList<string> Words, AnswerCandidates Tokens, int Considered)
{
    /// <summary>Answers as a model's tokenizer encodes them.</summary>
    /// <param name="encode">Token ids of one, [DEC] first and [SEP] last.</param>
    /// <param name="considered">How many are read to their end for each question; all where there are fewer.</param>
    public static AnswerVocabulary Of(IReadOnlyList<string> words, Func<string, int[]> encode, int considered = 128)
    {
        var (ids, mask) = TextEncoding.Batch([.. words.Select(encode)], 0);
        var candidates = new AnswerCandidates(ids.DetachFromDisposeScope(), mask.DetachFromDisposeScope());
        return new AnswerVocabulary(words, candidates, Math.Min(considered, words.Count));
    }
}

/// <summary>BLIP on VQA v2, which ranks a list of answers. An example is a question with its image and all its answers.</summary>
/// <param name="answers">What is chosen among where the model is scored.</param>
/// <param name="open">Opens splits of any origin: <c>train</c>, <c>val</c> and what is scored.</param>
public sealed class VqaTask(BlipVqa model, AnswerVocabulary answers, TaskSettings settings, Func<string, QuestionedImages> open)
    : ModelTask<QuestionedImages>(model, settings, open)
{
    private const int AnsweredAtOnce = 100; // questions

    private readonly BlipVqa model = model;

    private protected override TrainingHeads Heads { get; } = new(settings, model, model.Config.Vision, model.Config.Text);

    /// <summary>Of VQA v2 only val2014 has public answers; trained on those too, its test is what the server scores.</summary>
    public override string TestSplit => Settings.Data is null ? "test" : Settings.TrainOnValidation ? "test-dev2015" : "val2014";

    /// <summary>Opens the toy world, or VQA v2's files in their makers' form or BLIP's.</summary>
    internal static VqaTask Open(TaskSettings settings, CheckpointFile? checkpoint)
    {
        if (settings.Data is null)
        {
            var toy = TaskModel.Blip(settings, checkpoint, BlipConfig.ToyLanguage, config => new BlipVqa(config));
            var scenes = settings.OpenedScenes;
            var words = ToyQuestionedImages.AnswerList(scenes); // any answer of the training questions, all read to their end
            return new VqaTask(toy, AnswerVocabulary.Of(words, ToyTokens.Texts.Answer, words.Count), settings,
                split => ToyQuestionedImages.Draw(split, scenes));
        }

        var files = new VqaFiles(new TaskFiles(settings.Data), settings);
        var (model, texts) = TaskModel.Blip(settings, checkpoint!, files, config => new BlipVqa(config));
        var answers = AnswerVocabulary.Of(AnswerList.Load(files.Answers), texts.Answer, settings.Candidates ?? 128);
        return new VqaTask(model, answers, settings, split => files.Open(split, texts, model.Config.Vision.ImageSize))
        {
            Files = splits => [.. files.Paths(splits), texts.Path],
        };
    }

    public override VqaTask With(nn.Module other) => new((BlipVqa)other, answers, Unreduced, Split) { OwnsSplits = false };

    public override StepLosses Losses(ReadOnlySpan<int> examples)
    {
        var questions = examples.ToArray();
        var (images, ids, mask) = Train.TrainingBatch(Epoch, examples, Device);
        var (answerIds, answerMask, weights, questionOf) = Train.Answers(questions, Device);
        using var trace = Active?.Record();
        var output = model.Forward(images, ids, mask, new VqaAnswers(answerIds, answerMask, weights, questionOf));
        Tensor Targets(Tensor ids) => LanguageModelLoss.Targets(ids, model.Config.Text.PaddingId);
        var right = WordsRight(output.Logits, Targets(answerIds));
        var losses = new StepLosses(
            output.Loss, BatchPart.Mean(right, questions, some => Words(Targets(Train.Answers(some).Ids)))!)
        {
            Alignment = AlignmentLoss.Of(output.Aligned, Settings.Guidance),
            Auxiliary = Heads.Loss(
                questions, output.Encoding.Vision.X, some => Train.PatchClasses(some, Device),
                output.Encoding.Question.X, some => Train.NamedCounts(some, Device)),
        };
        return Recorded(losses, trace, [.. questions.Select(Train.TextLength)]);
    }

    /// <summary>Answers every question by ranking and compares with people's answers: accuracy, MACs, tokens per layer.</summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="scoring">How; shuffled, every question gets another question's image.</param>
    /// <returns>VQA's accuracy, 0 to 1, also by question and answer type; 0 where answers are not public.</returns>
    public static Evaluation Evaluate(
        BlipVqa model, QuestionedImages split, string name, AnswerVocabulary answers, TokenReduction? reduction = null,
        Scoring? scoring = null)
    {
        scoring ??= new Scoring();
        model.eval();
        var costs = RunCosts.Of(model);
        var count = Math.Min(scoring.Limit ?? split.Count, split.Count);
        VqaQuestion[] truth = [.. Enumerable.Range(0, count).Select(question => split.Truth[question])];
        var twice = truth.CountBy(question => question.QuestionId).FirstOrDefault(number => number.Value > 1);
        Guard.Data(twice.Value <= 1, $"question {twice.Key} stands {twice.Value} times in {name}; leave one of them");
        using var scope = NewDisposeScope();
        var device = Placement.DeviceOf(model);
        var candidates = answers.Tokens.To(device);
        var answered = scoring.Answers(count, AnsweredAtOnce, "answers", reduction, (questions, trace) =>
        {
            var (images, ids, mask) = split.Batch(questions, scoring.Shuffle != Shuffle.None, device);
            var ranked = model.Rank(model.Read(images, ids, mask), candidates, answers.Considered);
            return ranked.Best.cpu().data<long>().ToArray().Zip(
                Spent(costs, split, questions, trace),
                (best, spent) => new Answer(answers.Words[(int)best], null, spent.Macs, spent.Dense));
        });
        var given = answered.All;
        var scores = truth.Any(question => question.Answers.Count == 0)
            ? null // test: the answers are not public, a server scores the submission
            : VqaAccuracy.Compute(truth, truth.Zip(given).ToDictionary(pair => pair.First.QuestionId, pair => pair.Second.Text));
        var kinds = scores?.PerAnswerType.OrderBy(type => type.Key, StringComparer.Ordinal).ToArray() ?? [];
        KeyValuePair<string, double>[] shares = scores is null ? [] :
        [
            .. scores.PerQuestionType.OrderBy(kind => kind.Key, StringComparer.Ordinal),
            .. scores.PerAnswerType.Select(kind => KeyValuePair.Create($"answer: {kind.Key}", kind.Value)),
        ];
        var submitted = truth.Zip(given, (question, answer) => new { question_id = question.QuestionId, answer = answer.Text });
        var (macs, dense) = (given.Average(answer => answer.Macs), given.Average(answer => answer.DenseMacs));
        return answered.Evaluation(name, count, (scores?.Overall ?? 0) / 100, macs, dense) with
        {
            Scores = scores is null ? []
                : [new("accuracy", scores.Overall), .. kinds.Select(type => KeyValuePair.Create($"  {type.Key}", type.Value))],
            ByKind = shares.ToDictionary(kind => kind.Key, kind => kind.Value / 100),
            Submission = scoring.Submit(
                "vqa_result.json", path => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, submitted))),
        };
    }

    protected override Evaluation Score(string split, Scoring scoring) =>
        Evaluate(model, Split(split), split, answers, Active, scoring);

    internal override void Identify(RunIdentity identity, string split) => identity.Add("candidates", answers.Considered);

    protected override double ReducedCost(QuestionedImages split, int examples) => new Scoring()
        .Answers(examples, AnsweredAtOnce, "calibration", Reduction, (questions, trace) =>
        {
            var (images, ids, mask) = split.Batch(questions, device: Device);
            model.Read(images, ids, mask); // decoders are never reduced
            return Spent(Costs, split, questions, trace).Select(one => new Answer(string.Empty, null, one.Macs, one.Dense));
        }).All.Average(answer => answer.Macs);
}
