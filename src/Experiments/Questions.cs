using Madtp.Kit.Data.Decoys;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Experiments;

/// <summary>The questions to the world with decoys, as <c>data/toy/QUESTIONS.md</c> fixes them: arms, corpora, ratios, seeds. One
/// definition for sweeps, tables and notebooks.</summary>
/// <param name="Number">1 to 5.</param>
/// <param name="Arms">Methods, MADTP first.</param>
/// <param name="Ratios">Reduce ratios.</param>
/// <param name="Seeds">How many, from 1.</param>
public sealed record Question(int Number, IReadOnlyList<string> Arms, IReadOnlyList<double> Ratios, int Seeds)
{
    /// <summary>The corpora that are asked.</summary>
    public IReadOnlyList<ThingKind> Corpora { get; init; } = [ThingKind.Object];

    /// <summary>K of the arms with alignment guidance; null for the task's own.</summary>
    public int? LearnableTokens { get; init; }

    /// <summary>Pairs that every arm is tuned on; null for the task's own.</summary>
    public int? TrainExamples { get; init; }

    // Of the training split: the longer tuning, and UPop's, which searches and tunes in one.
    private const int AllPairs = 12000;

    private static readonly Question[] Asked =
    [
        new(1, ["MADTP", "frozen guidance", "shuffled texts", "w/o MAG"], [0.5, 0.7, 0.8],
            5)
        {
            Corpora = Enum.GetValues<ThingKind>(),
            Parts =
            [
                new("1a", Measure.Selectivity, ["frozen guidance", "shuffled texts", "w/o MAG"], 0.03),
                new("1b", Measure.Accuracy, ["frozen guidance", "shuffled texts", "w/o MAG"]),
            ],
        },
        new(2, ["MADTP", "one count for all", "counts permuted"], [0.5, 0.7, 0.8], 5)
        {
            Parts = [new("2", Measure.Accuracy, ["one count for all", "counts permuted"])],
        },
        new(3, ["MADTP", "TIS only S_cls", "TIS only S_self", "TIS only S_token", "drop", "mean threshold"], [0.5, 0.7], 3)
        {
            Parts =
            [
                new("3a", Measure.Accuracy, ["TIS only S_cls", "TIS only S_self", "TIS only S_token"]),
                new("3b", Measure.Accuracy, ["drop"]),
                new("3c", Measure.Accuracy, ["mean threshold"]),
            ],
        },
        new(4, ["MADTP", "negatives", "shuffled texts", "w/o L_sim"], [0.5], 3)
        {
            Parts =
            [
                new("4 accuracy", Measure.Accuracy, ["negatives", "shuffled texts", "w/o L_sim"]),
                new("4 cosine", Measure.TokenCosine, ["negatives", "shuffled texts", "w/o L_sim"], 0.05),
            ],
        },
        new(5, [.. Methods.Rivals.Select(rival => rival.Name)], [0.5, 0.7], 3)
        {
            Parts = [new("5", Measure.Accuracy, [.. Methods.Rivals.Select(rival => rival.Name).Where(name => name != "MADTP")])],
        },
    ];

    /// <summary>All questions, in the order that they are run in; then all again at 0.5, which eq. 9 reaches with K = 48 only;
    /// then the first with a longer tuning.</summary>
    public static IReadOnlyList<Question> All { get; } =
        [.. Asked, .. Asked.Select(question => question.With(48, ratio: 0.5)), Asked[0].Longer(AllPairs, ratio: 0.7)];

    /// <summary>What MADTP is compared by.</summary>
    public required IReadOnlyList<QuestionPart> Parts { get; init; }

    /// <summary>What a sweep calls it.</summary>
    public string Name => $"question{Number}" + (LearnableTokens is { } tokens ? $"-k{tokens}" : "")
        + (TrainExamples is null ? "" : "-long");

    /// <summary>The experiments: ratio by ratio and seed by seed, so that what is there after a stop can be compared.</summary>
    public Grid Grid => Grid.Of([.. Corpora.Select(Default)])
        .Vary((e, ratio) => e with { ReduceRatio = ratio }, [.. Ratios])
        .Vary((e, seed) => e with { Seed = seed }, [.. Enumerable.Range(1, Seeds).Select(seed => (long)seed)])
        .Vary(With, [.. Arms]);

    /// <summary>One arm's experiment.</summary>
    /// <param name="corpus">What is spoken of.</param>
    /// <param name="arm">The method.</param>
    /// <param name="ratio">The reduce ratio.</param>
    /// <param name="seed">The seed.</param>
    public Experiment Experiment(ThingKind corpus, string arm, double ratio, long seed) =>
        With(Default(corpus) with { ReduceRatio = ratio, Seed = seed }, arm);

    /// <summary>Every comparison of all questions, part by part and ratio by ratio, with what the results so far say.</summary>
    /// <param name="results">Results; those of other experiments are passed over.</param>
    public static IReadOnlyList<Comparison> Compare(IReadOnlyList<ExperimentResult> results) =>
    [
        .. from question in All from part in question.Parts from ratio in question.Ratios
           from one in part.Compare(question, ratio, results) select one,
    ];

    /// <summary>All questions' experiments, each once: those of questions 1 and 2 first.</summary>
    public static Grid Together => All.Select(question => question.Grid).Aggregate((all, one) => all.And(one));

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
    private Question Longer(int trainExamples, double ratio)
    {
        string[] others = ["frozen guidance", "shuffled texts"];
        return this with
        {
            Arms = ["MADTP", .. others],
            Ratios = [ratio],
            Seeds = 3,
            TrainExamples = trainExamples,
            Parts = [.. Parts.Select(part => part with { Name = $"{part.Name}, long", Against = others })],
        };
    }

    private static Experiment Default(ThingKind corpus) => ExperimentTask.Of($"toy-{ToyModels.DecoysName(corpus)}").Default;
}
