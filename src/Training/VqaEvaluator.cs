using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Vqa;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

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
    public static Evaluation Evaluate(BlipVqa model, IQuestionedImages split, string name, AnswerVocabulary answers, TokenReduction? reduction = null, bool shuffle = false, int? limit = null)
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
    internal static (double Macs, double Dense) Cost(BlipVqa model, IQuestionedImages split, int[] questions, TokenReduction? reduction)
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
