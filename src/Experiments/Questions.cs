using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Experiments;

/// <summary>The questions to the world with decoys, as <c>data/toy/QUESTIONS.md</c> fixes them: arms, corpora, ratios, seeds. One
/// definition for sweeps, tables and notebooks.</summary>
/// <param name="Seeds">How many, from 1.</param>
/// <param name="Parts">What MADTP is compared by, and with whom.</param>
public sealed record Question(
    int Number, IReadOnlyList<double> Ratios, int Seeds, params IReadOnlyList<QuestionPart> Parts)
{
    // Of the training split: the longer tuning, and UPop's, which searches and tunes in one.
    private const int AllPairs = 12000;

    private static readonly string[] OtherGuidance = ["frozen guidance", "shuffled texts", "w/o MAG"];
    private static readonly string[] OtherLosses = ["negatives", "shuffled texts", "w/o L_sim"];

    private static readonly Question[] Asked =
    [
        new(1, [0.5, 0.7, 0.8], 5,
            new("1a", Measure.Selectivity, OtherGuidance, 0.03), new("1b", Measure.Accuracy, OtherGuidance))
        {
            Corpora = Enum.GetValues<ThingKind>(),
        },
        new(2, [0.5, 0.7, 0.8], 5, new QuestionPart("2", Measure.Accuracy, ["one count for all", "counts permuted"])),
        new(3, [0.5, 0.7], 3,
            new("3a", Measure.Accuracy, ["TIS only S_cls", "TIS only S_self", "TIS only S_token"]),
            new("3b", Measure.Accuracy, ["drop"]),
            new("3c", Measure.Accuracy, ["mean threshold"])),
        new(4, [0.5], 3,
            new("4 accuracy", Measure.Accuracy, OtherLosses), new("4 cosine", Measure.TokenCosine, OtherLosses, 0.05)),
        new(5, [0.5, 0.7], 3, new QuestionPart(
            "5", Measure.Accuracy, [.. Methods.Rivals.Select(rival => rival.Name).Where(name => name != "MADTP")])),
    ];

    /// <summary>All questions, in the order that they are run in; then all again at 0.5, which eq. 9 reaches with K = 48 only;
    /// then the first with a longer tuning.</summary>
    public static IReadOnlyList<Question> All { get; } =
        [.. Asked, .. Asked.Select(question => question.With(48, ratio: 0.5)), Asked[0].Longer(AllPairs, ratio: 0.7)];

    /// <summary>Methods: MADTP, and all that it is compared with.</summary>
    public IReadOnlyList<string> Arms => ["MADTP", .. Parts.SelectMany(part => part.Against).Distinct()];

    public IReadOnlyList<ThingKind> Corpora { get; init; } = [ThingKind.Object];

    /// <summary>K of the arms with alignment guidance; null for the task's own.</summary>
    public int? LearnableTokens { get; init; }

    /// <summary>Pairs that every arm is tuned on; null for the task's own.</summary>
    public int? TrainExamples { get; init; }

    /// <summary>What a sweep calls it.</summary>
    public string Name => $"question{Number}" + (LearnableTokens is { } tokens ? $"-k{tokens}" : "")
        + (TrainExamples is null ? "" : "-long");

    /// <summary>The experiments: ratio by ratio and seed by seed, so that what is there after a stop can be compared.</summary>
    public Grid Grid => Grid.Of([.. Corpora.Select(Default)])
        .Vary((e, ratio) => e with { ReduceRatio = ratio }, [.. Ratios])
        .Vary((e, seed) => e with { Seed = seed }, [.. Enumerable.Range(1, Seeds).Select(seed => (long)seed)])
        .Vary(With, [.. Arms]);

    /// <summary>One arm's experiment.</summary>
    public Experiment Experiment(ThingKind corpus, string arm, double ratio, long seed) =>
        With(Default(corpus) with { ReduceRatio = ratio, Seed = seed }, arm);

    /// <summary>Every comparison of all questions, part by part and ratio by ratio, with what the results so far say.</summary>
    /// <param name="results">Results; those of other experiments are passed over.</param>
    public static IReadOnlyList<Comparison> Compare(IReadOnlyList<ExperimentResult> results) =>
    [
        .. from question in All from part in question.Parts from ratio in question.Ratios
           from corpus in part.Measure == Measure.Selectivity ? [ThingKind.Object] : question.Corpora
           from other in part.Against
           select part.Compare(question, ratio, results, corpus, other),
    ];

    /// <summary>An experiment with a method: K is that of arms with guidance, and UPop's tuning has its own length.</summary>
    internal static Experiment Arm(Experiment experiment, string arm, int? learnableTokens = null) => experiment with
    {
        Method = arm,
        LearnableTokens = learnableTokens is { } tokens && Methods.Of(arm).Pruning is { } pruning
            && pruning.Policy(1).NeedsAlignment ? tokens : experiment.LearnableTokens,
        TrainExamples = arm == Methods.UPop ? AllPairs : experiment.TrainExamples,
    };

    private Experiment With(Experiment experiment, string arm) =>
        Arm(experiment with { TrainExamples = TrainExamples ?? experiment.TrainExamples }, arm, LearnableTokens);

    private Question With(int learnableTokens, double ratio) => this with
    {
        Ratios = [ratio],
        LearnableTokens = learnableTokens,
        Parts = [.. Parts.Select(part => part with { Name = $"{part.Name}, K = {learnableTokens}" })],
    };

    // What guidance learns is asked of the arms that have guidance.
    private Question Longer(int trainExamples, double ratio) => this with
    {
        Ratios = [ratio],
        Seeds = 3,
        TrainExamples = trainExamples,
        Parts = [.. Parts.Select(part => part with
        {
            Name = $"{part.Name}, long", Against = ["frozen guidance", "shuffled texts"],
        })],
    };

    private static Experiment Default(ThingKind corpus) => ExperimentTask.Of($"toy-{ToyModels.DecoysName(corpus)}").Default;
}
