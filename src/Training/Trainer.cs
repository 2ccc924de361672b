using System.Diagnostics;
using System.Runtime.InteropServices;
using Madtp.Kit.Data;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Trains a task. One run lives in one folder: <c>checkpoint.safetensors</c> holds all that is needed to go on bit for
/// bit (weights, optimizer, random state, step, strength), <c>checkpoint.previous.safetensors</c> the same of some steps before,
/// in case the newest is damaged, and <c>log.jsonl</c> what was measured. Several <see cref="Ranks"/> train on a share of each
/// batch; the first of them writes, and how many there are changes nothing but rounding.</summary>
/// <param name="folder">Where the run keeps its files; made if absent.</param>
public sealed class Trainer(TrainingTask task, TrainingSettings settings, string folder)
{
    private const string CheckpointName = "checkpoint.safetensors";

    private readonly EpochSampler sampler = new(task.Examples, settings.BatchSize, settings.Seed);
    private readonly Stopwatch watch = new();
    private readonly StepAverages averages = new();
    private readonly Divergence divergence = new(folder, Path.Combine(folder, CheckpointName));
    private double earlierSeconds;
    private long stepSeed;

    /// <summary>The run's log.</summary>
    public string LogPath { get; } = Path.Combine(folder, "log.jsonl");

    /// <summary>The run's newest checkpoint.</summary>
    public string CheckpointPath { get; } = Path.Combine(folder, CheckpointName);

    /// <summary>Steps of the whole run.</summary>
    public int TotalSteps => settings.Epochs * sampler.StepsPerEpoch;

    /// <summary>Trains to the end, or until stopped.</summary>
    /// <param name="progress">Told after every step; what it throws ends the run as a killed process would.</param>
    /// <param name="resume">Goes on from the folder's checkpoint, if it has one; else the run begins anew instead of it.</param>
    /// <param name="cancellation">Stops after the step in hand and writes a checkpoint.</param>
    /// <exception cref="ArgumentException">A setting is impossible, or a batch has not so many parts.</exception>
    /// <exception cref="InvalidDataException">Both checkpoints are damaged, or were made with other settings; or the run that is
    /// gone on with has diverged.</exception>
    /// <exception cref="NotFiniteNumberException">A loss, gradient, weight or score is not finite; the message says which, and in
    /// what step. The last checkpoint stays.</exception>
    public TrainingResult Run(
        Action<TrainingProgress>? progress = null, bool resume = false, CancellationToken cancellation = default)
    {
        Check();
        Directory.CreateDirectory(folder);
        Recompute(settings.GradientCheckpointing);
        ComputeDevice.AllowTf32(settings.Precision == TrainingPrecision.Tf32);
        try
        {
            return Train(progress, resume, cancellation);
        }
        finally
        {
            task.Prefetch([]);
            Recompute(false);
        }
    }

    private double Seconds => earlierSeconds + watch.Elapsed.TotalSeconds;

    // Of a batch: this rank's, and those whose losses are computed at once.
    private int Share => settings.BatchSize / Ranks.Count;

    private int Part => Share / settings.AccumulateSteps;

    // With a sampler of its own: a plan is looked at by another thread, ahead of the training.
    private IEnumerable<PlannedBatch> Plan(int from)
    {
        var ahead = new EpochSampler(task.Examples, settings.BatchSize, settings.Seed);
        for (var step = from; step < TotalSteps; step++)
        {
            foreach (var part in ahead.Batch(step).Slice(Ranks.Rank * Share, Share).ToArray().Chunk(Part))
            {
                yield return new PlannedBatch(step / ahead.StepsPerEpoch, part);
            }
        }
    }

    private TrainingResult Train(Action<TrainingProgress>? progress, bool resume, CancellationToken cancellation)
    {
        manual_seed(settings.Seed);
        var parameters = task.Parameters().ToArray();
        var groups = WeightDecayGroups.Split(parameters, settings);
        using var optimizer = optim.AdamW(groups, settings.LearningRate);
        var checkpoint = new TrainingCheckpoint(task, settings, optimizer, groups);
        var step = Begin(checkpoint, resume, progress);
        var schedule = new CosineSchedule(settings.LearningRate, settings.WarmupSteps, TotalSteps, settings.FinalLearningRate);
        var records = new List<TrainingRecord>(File.Exists(LogPath) ? TrainingLog.Read(LogPath) : []);
        var (reached, stopped) = (false, Ranks.Any(cancellation.IsCancellationRequested));
        task.Prefetch(Plan(step));
        watch.Restart();
        while (step < TotalSteps && !reached && !stopped)
        {
            var rate = schedule.At(step);
            try
            {
                task.Prepare(step, sampler.StepsPerEpoch);
                stepSeed = (long)SeededRandom.SeedFor((ulong)settings.Seed, (ulong)step); // as the order
                RandomState.SeedGpu(stepSeed);
                Step(optimizer, groups, parameters, step, rate);
            }
            catch (Exception e) when (e is not (OperationCanceledException or NotFiniteNumberException))
            {
                if (Divergence.Overgrown(parameters) is { } why)
                {
                    throw divergence.At(step + 1, $"{why}, and nothing can be computed with them");
                }

                throw;
            }

            step++;
            task.AfterStep(step, TotalSteps);
            var endsEpoch = step % sampler.StepsPerEpoch == 0;
            var saves = endsEpoch || (settings.CheckpointEvery > 0 && step % settings.CheckpointEvery == 0);
            if (saves)
            {
                RequireFinite(parameters, step);
            }

            if (endsEpoch || saves || step % settings.LogEvery == 0)
            {
                var record = Record(step, rate, endsEpoch);
                Write(() => TrainingLog.Append(LogPath, record));
                records.Add(record);
                reached = record.EndsEpoch
                    && (record.Validation >= settings.StopAtAccuracy || record.Epoch == settings.StopAfterEpoch);
            }

            if (saves)
            {
                Write(() => checkpoint.Write(CheckpointPath, step, Seconds));
            }

            progress?.Invoke(new TrainingProgress(
                step, TotalSteps, records.LastOrDefault(), records.LastOrDefault()?.Step == step));
            stopped = Ranks.Any(cancellation.IsCancellationRequested);
        }

        if (stopped)
        {
            RequireFinite(parameters, step);
            Write(() => checkpoint.Write(CheckpointPath, step, Seconds));
        }

        return new TrainingResult(step, reached || step == TotalSteps, records);
    }

    private void Recompute(bool on)
    {
        foreach (var (_, module) in task.Modules)
        {
            GradientCheckpointing.Set(module, on);
        }
    }

    private static void Write(Action write)
    {
        if (Ranks.IsFirst)
        {
            write();
        }
    }

    // The first rank leaves the folder in order; what the others read then is whole.
    private int Begin(TrainingCheckpoint checkpoint, bool resume, Action<TrainingProgress>? progress)
    {
        var step = 0;
        Ranks.First(() => step = Restore(checkpoint, resume, progress));
        return Ranks.Gather(Ranks.IsFirst ? step : Restore(checkpoint, resume, null))[0];
    }

    private int Restore(TrainingCheckpoint checkpoint, bool resume, Action<TrainingProgress>? progress)
    {
        foreach (var unfinished in Directory.EnumerateFiles(folder, "*.part").ToArray())
        {
            File.Delete(unfinished); // a process was ended while it wrote
        }

        if (!resume)
        {
            divergence.Forget();
            checkpoint.Delete(CheckpointPath);
            File.Delete(LogPath);
            return 0;
        }

        divergence.RequireNone();
        if (checkpoint.ReadNewest(CheckpointPath, TotalSteps) is not (var step, var seconds, var notice))
        {
            File.Delete(LogPath);
            return 0;
        }

        earlierSeconds = seconds;
        task.Restored(step, TotalSteps);
        TrainingLog.CutAfter(LogPath, step);
        if (notice is not null)
        {
            progress?.Invoke(new TrainingProgress(step, TotalSteps, null, false) { Notice = notice });
        }

        return step;
    }

    private void Step(
        AdamW optimizer, IReadOnlyList<AdamW.ParamGroup> groups, (string Name, Parameter Parameter)[] parameters, int step,
        double rate)
    {
        using var scope = NewDisposeScope();
        var examples = sampler.Batch(step);
        Backward(examples);
        Tensor[] learning = [.. parameters.Select(p => p.Parameter), .. task.Leaves];
        SumGradients(learning);
        var learned = parameters.Select(p => p.Parameter).Where(p => p.grad is not null);
        var norm = nn.utils.clip_grad_norm_(learned, settings.ClipNorm);
        if (Ranks.Any(!averages.Step(norm)))
        {
            var what = Divergence.Of(averages.Take(), norm);
            throw divergence.At(step + 1, $"{what}{LargestGradient(examples, parameters)}");
        }

        foreach (var group in groups)
        {
            group.LearningRate = rate;
        }

        optimizer.step();
    }

    // Clipping has spread over all gradients what is not finite in one, so they are computed once more.
    private string LargestGradient(ReadOnlySpan<int> examples, (string Name, Parameter Parameter)[] parameters)
    {
        try
        {
            Backward(examples);
            return $"; {Divergence.LargestGradient(parameters)}";
        }
        catch (ExternalException)
        {
            return string.Empty;
        }
    }

    // A step's gradients, all its parts'.
    private void Backward(ReadOnlySpan<int> examples)
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
                RandomState.SeedGpu(stepSeed);
            }

            using var part = BatchPart.Begin(examples, from, Part);
            BackwardOfPart(examples.Slice(from, Part));
        }
    }

    // A rank whose part has no use for a parameter has no gradient of it.
    private static void SumGradients(Tensor[] learning)
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
        averages.Add(total, losses);
    }

    private void RequireFinite((string Name, Parameter Parameter)[] parameters, int step)
    {
        if (Divergence.FirstIn(parameters) is { } name)
        {
            throw divergence.At(step, $"the weights {name} are not finite");
        }
    }

    private void Check()
    {
        settings.RequirePossible();
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

    private TrainingRecord Record(int step, double rate, bool endsEpoch)
    {
        var mean = averages.Take();
        var validation = endsEpoch ? task.Validate().Accuracy : (double?)null;
        if (validation is { } score && !double.IsFinite(score))
        {
            throw divergence.At(step, "the validation score is not a number");
        }

        return mean with
        {
            Step = step,
            Epoch = ((step - 1) / sampler.StepsPerEpoch) + 1,
            LearningRate = rate,
            Strength = task.Strength,
            Validation = validation,
            Seconds = Math.Round(Seconds, 1),
        };
    }
}

/// <summary>Tells the parameters that weight decay shrinks from those it leaves alone.</summary>
public static class WeightDecayGroups
{
    private static readonly string[] Undecayed =
    [
        "cls_token", "pos_embed", "space_dict", "word_embeddings.weight", "position_embeddings.weight", "class_embedding",
        "positional_embedding", "token_embedding.weight",
    ];

    /// <summary>True for matrices of linear maps and convolutions; biases, norms, embeddings and learnable tokens keep their
    /// size.</summary>
    public static bool Decays(string name, int dimensions)
    {
        ArgumentNullException.ThrowIfNull(name);
        return dimensions >= 2 && !Undecayed.Any(tail => name == tail || name.EndsWith($".{tail}", StringComparison.Ordinal));
    }

    /// <summary>The two groups AdamW takes.</summary>
    internal static IReadOnlyList<AdamW.ParamGroup> Split(
        IEnumerable<(string Name, Parameter Parameter)> parameters, TrainingSettings settings)
    {
        var byDecay = parameters.ToLookup(p => Decays(p.Name, p.Parameter.shape.Length), p => p.Parameter);
        return
        [
            Group(byDecay[true], settings, settings.WeightDecay),
            Group(byDecay[false], settings, 0),
        ];
    }

    private static AdamW.ParamGroup Group(IEnumerable<Parameter> parameters, TrainingSettings settings, double decay) =>
        new([.. parameters], settings.LearningRate, settings.Beta1, settings.Beta2, weight_decay: decay);
}

/// <summary>A learning rate that rises linearly from zero and falls along half a cosine.</summary>
/// <param name="Peak">The rate at the end of the warm-up.</param>
/// <param name="WarmupSteps">Steps of the rise.</param>
/// <param name="TotalSteps">Steps in all.</param>
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
        {
            return Peak * (step + 1) / WarmupSteps;
        }

        var done = Math.Min(1, (double)(step - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps));
        return Final + ((Peak - Final) * (1 + Math.Cos(Math.PI * done)) / 2);
    }
}

/// <summary>The order of the examples. It is a function of seed and step alone, so that a run goes on after an interruption
/// exactly where it stood, with nothing to store but the step.</summary>
public sealed class EpochSampler
{
    private readonly int[] order;
    private readonly int batchSize;
    private readonly ulong seed;
    private int orderedEpoch = -1;

    /// <summary>An order over <paramref name="examples"/> examples.</summary>
    /// <exception cref="ArgumentException">There are fewer examples than a batch takes.</exception>
    public EpochSampler(int examples, int batchSize, long seed)
    {
        Guard.Argument(batchSize >= 1 && examples >= batchSize,
            $"{examples} examples do not fill a batch of {batchSize}", nameof(batchSize));

        order = new int[examples];
        this.batchSize = batchSize;
        this.seed = (ulong)seed;
    }

    /// <summary>Batches in an epoch; the examples left over differ from epoch to epoch.</summary>
    public int StepsPerEpoch => order.Length / batchSize;

    /// <summary>The examples of a step, counted from 0 over all epochs.</summary>
    public ReadOnlySpan<int> Batch(int step)
    {
        var epoch = step / StepsPerEpoch;
        if (epoch != orderedEpoch)
        {
            for (var i = 0; i < order.Length; i++)
            {
                order[i] = i;
            }

            new SeededRandom(SeededRandom.SeedFor(seed, (ulong)epoch)).Shuffle(order.AsSpan());
            orderedEpoch = epoch;
        }

        return order.AsSpan(step % StepsPerEpoch * batchSize, batchSize);
    }
}
