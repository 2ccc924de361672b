using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

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
    /// <exception cref="ArgumentException">It cannot; the message says why.</exception>
    public void RequirePossible()
    {
        var parts = settings.AccumulateSteps * Ranks.Count;
        if (settings.AccumulateSteps < 1 || settings.BatchSize % parts != 0)
        {
            throw new ArgumentException(Ranks.Count > 1
                ? $"a batch of {settings.BatchSize} does not divide among {Ranks.Count} ranks of {settings.AccumulateSteps} "
                    + "equal parts each: choose a batch size that does"
                : $"a batch of {settings.BatchSize} does not divide into {settings.AccumulateSteps} equal parts: "
                    + "choose AccumulateSteps so that it does");
        }

        if (parts > 1 && task.Indivisible is { } why)
        {
            throw new ArgumentException($"{why}: train in one process, without accumulation, or without dropout");
        }

        Guard.Argument(settings.AccumulateSteps <= 1 || !task.ComparesExamples,
            $"this task's losses compare the examples of a batch with one another, so its batches cannot be worked through "
            + $"in parts one after the other: leave AccumulateSteps at 1 (ranks can share them: mpirun -n N)");
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
            {
                each.grad = zeros_like(each);
            }

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
