using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;

namespace Madtp.Kit.Tasks;

/// <summary>A task whose splits are of one type, each opened once.</summary>
/// <param name="model">The model, on the device that it computes on.</param>
public abstract class ModelTask<TSplit>(IReducibleModel model, TaskSettings settings, Func<string, TSplit> open)
    : ModelTask(model, settings)
    where TSplit : DataSplit
{
    private readonly Dictionary<string, TSplit> opened = [];

    public override int Examples => Train.Count;

    /// <summary>What is learned.</summary>
    protected TSplit Train => Split("train");

    public override int TextLength(int example) => Train.TextLength(example);

    public override void Prefetch(IEnumerable<PlannedBatch> plan) => Train.Prefetch(plan);

    /// <summary>A split by its name.</summary>
    /// <exception cref="FileNotFoundException">A file of it is missing; the message says where it belongs.</exception>
    /// <exception cref="InvalidDataException">A file of it is malformed.</exception>
    protected internal TSplit Split(string name) =>
        opened.TryGetValue(name, out var split) ? split : opened[name] = open(name);

    /// <summary>Multiply-accumulates of one of a split's first examples, mean, as the attached reduction leaves it.</summary>
    protected abstract double ReducedCost(TSplit split, int examples);

    protected override double CalibrationCost(bool reduced)
    {
        var split = Calibrating();
        var count = Math.Min(Settings.CalibrationExamples, split.Count);
        return reduced
            ? ReducedCost(split, count)
            : Enumerable.Range(0, count).Average(example => (double)Costs.Dense(split.TextLength(example)));
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (var split in OwnsSplits ? opened.Values.ToArray() : [])
            split.Dispose();
    }

    /// <summary>False for a task that shares another's splits.</summary>
    internal bool OwnsSplits { get; init; } = true;

    /// <summary>Multiply-accumulates of some texts with their images, as they are reduced and of the plain model.</summary>
    /// <param name="trace">The record of one pass; null where nothing is reduced.</param>
    /// <param name="imageOf">Each text's place among the images; the same as its own if null.</param>
    private protected static (double Macs, double Dense)[] Spent(
        RunCosts costs, TSplit split, IEnumerable<int> examples, ReductionTrace? trace, IReadOnlyList<int>? imageOf = null)
    {
        int[] lengths = [.. examples.Select(split.TextLength)];
        return [.. costs.PerPair(trace, lengths, imageOf)
            .Zip(lengths, (macs, length) => ((double)macs, (double)costs.Dense(length)))];
    }

    // What is learned, or what is scored where that is absent.
    private TSplit Calibrating()
    {
        try
        {
            return Train;
        }
        catch (FileNotFoundException) when (!Settings.Learns)
        {
            return Split(ScoredSplit ?? TestSplit);
        }
    }
}
