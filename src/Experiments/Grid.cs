using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Training;

namespace Madtp.Kit.Experiments;

/// <summary>Experiments that differ in a few things, every combination of them.</summary>
/// <example>
/// <code>
/// Grid.Of(new Experiment { ReduceRatio = 0.5 })
///     .Vary((e, method) => e with { Method = method }, "MADTP", "EViT")
///     .Vary((e, seed) => e with { Seed = seed }, 1L, 2L, 3L)
/// </code>
/// </example>
public sealed class Grid
{
    private Grid(IEnumerable<Experiment> experiments) => Experiments = [.. experiments.Distinct()];

    private static readonly OrderedDictionary<string, Func<Grid>> Known = new(
    [
        .. PaperTable.Numbers.Select(number => KeyValuePair.Create($"table{number}", () => PaperTable.Of(number).Grid)),
        new("table2-decoys", () => PaperTable.Decoys),
        .. Question.All.Select(question => KeyValuePair.Create(question.Name, () => question.Grid)),
        new("questions", () => new(Question.All.SelectMany(question => question.Grid.Experiments))),
    ]);

    /// <summary>What <c>./kit sweep</c> calls the grids of the paper's tables, and of the questions with decoys.</summary>
    public static IReadOnlyList<string> Names => Known.Keys;

    /// <summary>The experiments, each once, the last thing varied fastest.</summary>
    public IReadOnlyList<Experiment> Experiments { get; }

    /// <summary>A grid of the given experiments.</summary>
    public static Grid Of(params Experiment[] experiments) => new(experiments);

    /// <summary>The grid of one of the paper's tables at the current scale, or that of a file.</summary>
    /// <param name="nameOrPath">One of <see cref="Names"/>, or a JSON file: an array of what differs from its
    /// task's usual experiment.</param>
    /// <exception cref="FileNotFoundException">It is neither.</exception>
    /// <exception cref="InvalidDataException">The file holds no experiments, the message says where; or a task, a method or a
    /// ratio that there is not.</exception>
    public static Grid Open(string nameOrPath)
    {
        if (Known.TryGetValue(nameOrPath, out var grid))
            return grid();

        if (!File.Exists(nameOrPath))
        {
            var names = string.Join(", ", Names);
            throw new FileNotFoundException($"'{nameOrPath}' is neither a file nor a grid; the grids are {names}", nameOrPath);
        }

        T[] Read<T>() => JsonRecord.Read<T[]>(
            nameOrPath, e => $"'{nameOrPath}', line {e.LineNumber + 1}: {JsonRecord.Reason(e)}", ExperimentJson.Page);
        var list = Read<Experiment>();
        Guard.Data(list.Length > 0 && !list.Contains(null), $"'{nameOrPath}' holds no experiments, or an entry is null");
        try
        {
            return new(list.Zip(Read<JsonElement>(), OfTask));
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"'{nameOrPath}': {e.Message.Split(" (Parameter")[0]}", e);
        }
    }

    // What is not said is its task's own; a method may be called as commands call it.
    private static Experiment OfTask(Experiment read, JsonElement said)
    {
        var whole = JsonSerializer.SerializeToNode(ExperimentTask.Of(read.Task).Default, ExperimentJson.Line)!;
        foreach (var one in said.EnumerateObject())
            whole[one.Name] = JsonSerializer.SerializeToNode(one.Value);

        var experiment = whole.Deserialize<Experiment>(ExperimentJson.Line)! with { Method = Methods.Of(read.Method).Name };
        experiment.RequirePossible();
        return experiment;
    }

    /// <summary>Each experiment with each of the values.</summary>
    /// <exception cref="ArgumentException">There are no values.</exception>
    public Grid Vary<T>(Func<Experiment, T, Experiment> with, params T[] values) => values.Length > 0
        ? new(Experiments.SelectMany(experiment => values.Select(value => with(experiment, value))))
        : throw new ArgumentException("a grid varies over at least one value", nameof(values));

    /// <summary>This grid's experiments and those of another.</summary>
    public Grid And(Grid other) => new(Experiments.Concat(other.Experiments));

    /// <summary>Runs what has no result yet, in parallel processes, and gives all results in the grid's order.</summary>
    /// <param name="progress">Told whenever something changes.</param>
    /// <param name="cancellation">Ends the running processes; what they did is resumed by the next call.</param>
    /// <exception cref="InvalidOperationException">An experiment failed; the message holds what it said.</exception>
    public IReadOnlyList<ExperimentResult> Run(
        GridSettings? settings = null, Action<GridProgress>? progress = null, CancellationToken cancellation = default) =>
        new GridRunner(settings ?? new GridSettings()).Run(Experiments, progress, cancellation);

    /// <summary>Runs one experiment in this process: what the processes of <see cref="Run"/> do.</summary>
    /// <param name="index">Its place in the grid, from 0.</param>
    /// <param name="cancellation">Stops after the step in hand, as does the end of a process that started this one.</param>
    /// <returns>The result; null where another process is running the experiment.</returns>
    /// <exception cref="ArgumentException">The grid has no such place.</exception>
    public ExperimentResult? RunOne(int index, GridSettings? settings = null, CancellationToken cancellation = default) =>
        index >= 0 && index < Experiments.Count
            ? new GridRunner(settings ?? new GridSettings()).RunOne(Experiments[index], cancellation)
            : throw new ArgumentException($"--index {index}: the list has the places 0 to {Experiments.Count - 1}");
}

/// <summary>How a grid is run.</summary>
public sealed record GridSettings
{
    /// <summary>The exit code of a process whose experiment another one is running.</summary>
    public const int Busy = 75;

    public RunCache Cache { get; init; } = RunCache.Default;

    /// <summary>Where unfinished runs keep their checkpoints, a folder for each experiment.</summary>
    public string Runs { get; init; } = KitFolder.File("artifacts", "runs", "experiments");

    /// <summary>Processes at once: one for each core, at the paper's scale one in all, which has the GPU to itself.</summary>
    public int Jobs { get; init; } = JobsAt(Scale.Current);

    /// <summary>What a process runs, before <c>LIST --index N --cache FOLDER --runs FOLDER</c>. It ends with <see cref="Busy"/>
    /// where another process is running the experiment, and stops when its standard input ends: then this one is gone, or is to
    /// stop itself.</summary>
    public IReadOnlyList<string> Command { get; init; } = [KitFolder.File("kit"), "sweep"];

    internal static int JobsAt(ExperimentScale scale) => scale == ExperimentScale.Paper ? 1 : Environment.ProcessorCount;
}

/// <summary>Where a grid stands.</summary>
/// <param name="Left">How long the rest will take, by those done so far; null before the first is done.</param>
public sealed record GridProgress(int Done, int Total, IReadOnlyList<Experiment> Running, TimeSpan? Left)
{
    public override string ToString()
    {
        var left = Left is { } time ? $", {TimeLeft.Of(time)}" : string.Empty;
        var running = Running.Count == 0 ? string.Empty : $"; running {string.Join(", ", Running)}";
        return $"{Done} of {Total} experiments{left}{running}";
    }
}
