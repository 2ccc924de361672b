using Madtp.Kit.Data;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Tells the parameters that weight decay shrinks from those it leaves alone.</summary>
public static class WeightDecayGroups
{
    private static readonly string[] Undecayed =
    [
        "cls_token", "pos_embed", "space_dict", "word_embeddings.weight", "position_embeddings.weight", "class_embedding",
        "positional_embedding", "token_embedding.weight",
    ];

    /// <summary>True for matrices of linear maps and convolutions; biases, norms, embeddings and learnable tokens stay.</summary>
    public static bool Decays(string name, int dimensions) =>
        dimensions >= 2 && !Undecayed.Any(tail => name == tail || name.EndsWith($".{tail}", StringComparison.Ordinal));

    /// <summary>The two groups AdamW takes.</summary>
    internal static IReadOnlyList<AdamW.ParamGroup> Split(
        IEnumerable<(string Name, Parameter Parameter)> parameters, TrainingSettings settings)
    {
        var byDecay = parameters.ToLookup(p => Decays(p.Name, p.Parameter.shape.Length), p => p.Parameter);
        AdamW.ParamGroup Group(bool decays) => new([.. byDecay[decays]], settings.LearningRate, settings.Beta1, settings.Beta2,
            weight_decay: decays ? settings.WeightDecay : 0);
        return [Group(true), Group(false)];
    }
}

/// <summary>A learning rate that rises linearly from zero and falls along half a cosine.</summary>
/// <param name="Peak">The rate at the end of the warm-up.</param>
/// <param name="Final">The rate that the last step comes close to.</param>
public sealed record CosineSchedule(double Peak, int WarmupSteps, int TotalSteps, double Final = 0)
{
    /// <summary>The rate of a step, counted from 0: Peak·(step + 1)/WarmupSteps at first, then Final + (Peak − Final)·(1 + cos
    /// πt)/2, t from 0 to 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is negative.</exception>
    public double At(int step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step < WarmupSteps)
            return Peak * (step + 1) / WarmupSteps;

        var done = Math.Min(1, (double)(step - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps));
        return Final + ((Peak - Final) * (1 + Math.Cos(Math.PI * done)) / 2);
    }
}

/// <summary>The gradients of a batch, which is divided among ranks, and a rank's share into parts, one after the other.</summary>
internal sealed class BatchGradients(TrainingTask task, TrainingSettings settings)
{
    /// <summary>What the steps came to since the last line of the log.</summary>
    public StepAverages Averages { get; } = new();

    /// <summary>How many examples of a batch are this rank's.</summary>
    public int Share => settings.BatchSize / Ranks.Count;

    /// <summary>How many of them are computed at once.</summary>
    public int Part => Share / settings.AccumulateSteps;

    /// <summary>Insists that a batch can be divided as the settings say.</summary>
    /// <exception cref="ArgumentException">It cannot.</exception>
    public void RequirePossible()
    {
        var parts = settings.AccumulateSteps * Ranks.Count;
        var (among, remedy) = Ranks.Count > 1
            ? ($"among {Ranks.Count} ranks of {settings.AccumulateSteps} equal parts each", "a batch size that does")
            : ($"into {settings.AccumulateSteps} equal parts", "AccumulateSteps (--accumulate) so that it does");
        Guard.Argument(settings.AccumulateSteps >= 1 && settings.BatchSize % parts == 0,
            $"a batch of {settings.BatchSize} does not divide {among}: choose {remedy}");
        Guard.Argument(parts == 1 || task.Indivisible is null,
            $"{task.Indivisible}: train in one process, without accumulation, or without dropout");
        Guard.Argument(settings.AccumulateSteps <= 1 || !task.ComparesExamples,
            $"this task's losses compare the examples of a batch with one another, so its batches cannot be worked through "
            + $"in parts one after the other: leave AccumulateSteps at 1 (--accumulate; ranks can share them: "
            + $"mpirun -n N)");
    }

    /// <summary>Computes the gradients of this rank's share of a batch, all its parts'.</summary>
    /// <param name="seed">Where a GPU's random numbers begin, for every part.</param>
    public void Compute(ReadOnlySpan<int> examples, long seed)
    {
        foreach (var (_, module) in task.Modules)
        {
            module.train();
            module.zero_grad();
        }

        // All parts draw the whole batch's random numbers.
        var (first, random) = (Ranks.Rank * Share, settings.AccumulateSteps > 1 ? RandomState.Take() : []);
        for (var from = first; from < first + Share; from += Part)
        {
            if (from > first)
            {
                RandomState.Restore(random);
                RandomState.SeedGpu(seed);
            }

            using var part = BatchPart.Begin(examples, from, Part);
            BackwardOfPart(examples.Slice(from, Part));
        }
    }

    /// <summary>Sums the gradients of all ranks. A rank whose part has no use for a parameter has no gradient of it.</summary>
    public static void Sum(Tensor[] learning)
    {
        if (Ranks.Count > 1)
        {
            using var used = tensor(learning.Select(each => each.grad is null ? 0f : 1f).ToArray());
            Ranks.Sum([used]);
            Tensor[] learned = [.. learning.Zip(used.data<float>()).Where(pair => pair.Second > 0).Select(pair => pair.First)];
            foreach (var each in learned.Where(each => each.grad is null))
                each.grad = zeros_like(each);

            Ranks.Sum(learned.Select(each => each.grad!));
        }
    }

    private void BackwardOfPart(ReadOnlySpan<int> examples)
    {
        using var scope = NewDisposeScope();
        using var precision = MixedPrecision.Begin(settings.Precision == TrainingPrecision.BFloat16);
        var losses = task.Losses(examples);
        var total = task.Objective.Total(losses);
        var parts = settings.AccumulateSteps * Ranks.Count;
        BackwardPass.Run(parts == 1 ? total : total / parts);
        Averages.Add(total, losses);
    }
}

/// <summary>The order of the examples. It is a function of seed and step alone, so that a run goes on after an interruption
/// exactly where it stood, with nothing to store but the step.</summary>
public sealed class EpochSampler
{
    private readonly int batchSize;
    private readonly ulong seed;
    private int[] order;
    private int orderedEpoch = -1;

    /// <summary>An order over <paramref name="examples"/> examples.</summary>
    /// <exception cref="ArgumentException">There are fewer examples than a batch takes.</exception>
    public EpochSampler(int examples, int batchSize, long seed)
    {
        Guard.Argument(batchSize >= 1 && examples >= batchSize,
            $"{examples} examples do not fill a batch of {batchSize}", nameof(batchSize));
        (order, this.batchSize, this.seed) = (new int[examples], batchSize, (ulong)seed);
    }

    /// <summary>Batches in an epoch; the examples left over differ from epoch to epoch.</summary>
    public int StepsPerEpoch => order.Length / batchSize;

    /// <summary>The examples of a step, counted from 0 over all epochs.</summary>
    public ReadOnlySpan<int> Batch(int step)
    {
        var epoch = step / StepsPerEpoch;
        if (epoch != orderedEpoch)
        {
            order = [.. Enumerable.Range(0, order.Length)];
            new SeededRandom(SeededRandom.SeedFor(seed, (ulong)epoch)).Shuffle(order.AsSpan());
            orderedEpoch = epoch;
        }

        return order.AsSpan(step % StepsPerEpoch * batchSize, batchSize);
    }
}
