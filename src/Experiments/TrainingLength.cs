using Madtp.Kit.Madtp;
using Microsoft.Data.Analysis;

namespace Madtp.Kit.Experiments;

/// <summary>Does an order of methods depend on how long they were trained? A toy task's methods at half of the
/// multiply-accumulates, each fine-tuned for one pass over its 3,200 examples and for several, three seeds each; at toy scale
/// whatever the current one is.</summary>
public sealed class TrainingLength
{
    private TrainingLength(SeedGroups one, SeedGroups more, int passes) => (One, More, Passes) = (one, more, passes);

    /// <summary>After one pass: the uncompressed model, then the methods.</summary>
    public SeedGroups One { get; }

    /// <summary>After <see cref="Passes"/> passes, in the same order.</summary>
    public SeedGroups More { get; }

    /// <summary>How many passes the longer training has.</summary>
    public int Passes { get; }

    /// <summary>Runs what has no result yet.</summary>
    /// <param name="task">A toy task, such as "toy-clip".</param>
    /// <param name="methods">Names in <see cref="Methods"/>.</param>
    /// <param name="passes">Passes of the longer training.</param>
    public static TrainingLength Of(string task, IReadOnlyList<string> methods, int passes = 4)
    {
        SeedGroups Trained(int? epochs)
        {
            var plain = new Experiment { Task = task, Method = Methods.Uncompressed, Epochs = epochs };
            return SeedGroups.Of(Grid.Of(plain)
                .And(Grid.Of(plain with { ReduceRatio = 0.5 }).Vary((e, method) => e with { Method = method }, [.. methods]))
                .Vary((e, seed) => e with { Seed = seed }, 1L, 2L, 3L)
                .Run(new GridSettings { Cache = RunCache.Toy }));
        }

        return new TrainingLength(Trained(null), Trained(passes), passes);
    }

    /// <summary>Both trainings of each method side by side, per cent, with the seeds' deviation.</summary>
    public DataFrame ToFrame() => ResultTable.Of(One.Zip(More))
        .Text("toy, half of the MACs", pair => pair.First.Experiment.Method)
        .Number("one pass, %", pair => 100 * pair.First.Test.Mean)
        .Number("±", pair => 100 * pair.First.Test.Deviation)
        .Number($"{Passes} passes, %", pair => 100 * pair.Second.Test.Mean)
        .Number("± ", pair => 100 * pair.Second.Test.Deviation)
        .ToFrame();

    /// <summary>One method against all others, after either training.</summary>
    /// <param name="method">Its name.</param>
    public DataFrame Verdicts(string method)
    {
        IEnumerable<(string After, SeedGroup First, SeedGroup Second)> Pairs(SeedGroups groups, string after) =>
            from second in groups.Skip(1)
            where second.Experiment.Method != method
            select (after, groups.First(one => one.Experiment.Method == method), second);
        return ResultTable.Of(Pairs(One, "one pass").Concat(Pairs(More, $"{Passes} passes")))
            .Text("after", line => line.After)
            .Text("compared", line => $"{method} − {line.Second.Experiment.Method}")
            .Text("points", line => line.First.Against(line.Second).ToString())
            .Text("verdict", line => line.First.Against(line.Second).Verdict(method, line.Second.Experiment.Method))
            .ToFrame();
    }
}
