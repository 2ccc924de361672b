using Madtp.Kit.Madtp;
using Microsoft.Data.Analysis;

namespace Madtp.Kit.Experiments;

/// <summary>How large experiments are.</summary>
public enum ExperimentScale
{
    /// <summary>The toy world: minutes on two cores, nothing to fetch.</summary>
    Toy,
    /// <summary>The paper's data sets and checkpoints: days on a GPU.</summary>
    Paper,
}

/// <summary>The one switch between the toy world and the paper's scale: <c>KIT_SCALE</c>. A subject ("nlvr2", "clip",
/// "retrieval", "caption", "vqa") names a task at either scale; where the paper has a second data set its name follows
/// ("clip-flickr30k"), and the toy world has one for both.</summary>
public static class Scale
{
    /// <summary>The scale that is set; toy where none is.</summary>
    /// <exception cref="ArgumentException">The variable holds anything but <c>toy</c> or <c>paper</c>.</exception>
    public static ExperimentScale Current => Parse(Environment.GetEnvironmentVariable("KIT_SCALE"));

    /// <summary>The scale as results are labelled: "toy" or "paper scale".</summary>
    public static string Label => Current == ExperimentScale.Paper ? "paper scale" : "toy";

    /// <summary>A subject's default experiment: MADTP with nothing taken away yet, seed 1, the scale's training.</summary>
    /// <param name="scale">The scale; the current one if null.</param>
    /// <exception cref="ArgumentException">There is no such subject.</exception>
    public static Experiment Experiment(string subject, ExperimentScale? scale = null)
    {
        var isPaper = (scale ?? Current) == ExperimentScale.Paper;
        return ExperimentTask.Of(isPaper ? subject : $"toy-{subject.Split('-')[0]}").Default;
    }

    /// <summary>The seeds of a comparison: three in the toy world, one at the paper's scale, as in the paper.</summary>
    internal static long[] SeedsAt(ExperimentScale scale) => scale == ExperimentScale.Paper ? [1] : [1, 2, 3];

    /// <summary>Reads the variable's value.</summary>
    internal static ExperimentScale Parse(string? value) => value switch
    {
        null or "" or "toy" => ExperimentScale.Toy,
        "paper" => ExperimentScale.Paper,
        _ => throw new ArgumentException($"KIT_SCALE is '{value}'; it may be 'toy' (the default) or 'paper'"),
    };
}

/// <summary>Where experiments at the paper's scale find data sets and checkpoints, laid out as data/README.md says.</summary>
public static class PaperFolders
{
    /// <summary>The folder with <c>nlvr2</c>, <c>coco</c>, … below it: <c>KIT_DATA</c>, else the kit's <c>data</c>.</summary>
    public static string Data => Given("KIT_DATA") ?? KitFolder.File("data");

    /// <summary>That of <c>blip</c> and <c>clip</c>: <c>KIT_CHECKPOINTS</c>, else <c>checkpoints</c> in the other.</summary>
    public static string Checkpoints => Given("KIT_CHECKPOINTS") ?? Path.Combine(Data, "checkpoints");

    /// <summary>What a variable holds; null where it is empty or not set.</summary>
    internal static string? Given(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } folder ? folder : null;
}

/// <summary>Does an order of methods depend on how long they were trained? A toy task's methods at half of the
/// multiply-accumulates, each fine-tuned for one pass over its 3,200 examples and for several, three seeds each; at toy scale
/// whatever the current one is.</summary>
/// <param name="One">After one pass: the uncompressed model, then the methods.</param>
/// <param name="More">After <paramref name="Passes"/> passes, in the same order.</param>
public sealed record TrainingLength(SeedGroups One, SeedGroups More, int Passes)
{
    /// <summary>Runs what has no result yet.</summary>
    /// <param name="task">A toy task, such as "toy-clip".</param>
    /// <param name="methods">Names in <see cref="Methods"/>.</param>
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
    public DataFrame Verdicts(string method) => ResultTable.Of(
            from training in new (string After, SeedGroups Groups)[] { ("one pass", One), ($"{Passes} passes", More) }
            from other in training.Groups.Skip(1)
            let name = other.Experiment.Method
            where name != method
            select (training.After, Name: name,
                Gap: training.Groups.First(one => one.Experiment.Method == method).Against(other)))
        .Text("after", line => line.After)
        .Text("compared", line => $"{method} − {line.Name}")
        .Text("points", line => line.Gap.ToString())
        .Text("verdict", line => line.Gap.Verdict(method, line.Name))
        .ToFrame();
}
