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

    private readonly string logPath = Path.Combine(folder, "log.jsonl");
    private readonly EpochSampler sampler = new(task.Examples, settings.BatchSize, settings.Seed);
    private readonly Stopwatch watch = new();
    private readonly BatchGradients gradients = new(task, settings);
    private readonly Divergence divergence = new(folder, Path.Combine(folder, CheckpointName));
    private double earlierSeconds;
    private long stepSeed;

    private int TotalSteps => settings.Epochs * sampler.StepsPerEpoch;

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
        settings.RequirePossible();
        gradients.RequirePossible();
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

    // With a sampler of its own: a plan is looked at by another thread, ahead of the training.
    private IEnumerable<PlannedBatch> Plan(int from)
    {
        var ahead = new EpochSampler(task.Examples, settings.BatchSize, settings.Seed);
        for (var step = from; step < TotalSteps; step++)
        {
            var mine = ahead.Batch(step).Slice(Ranks.Rank * gradients.Share, gradients.Share).ToArray();
            foreach (var part in mine.Chunk(gradients.Part))
                yield return new PlannedBatch(step / ahead.StepsPerEpoch, part);
        }
    }

    private TrainingResult Train(Action<TrainingProgress>? progress, bool resume, CancellationToken cancellation)
    {
        manual_seed(settings.Seed);
        var parameters = task.Parameters().ToArray();
        var groups = WeightDecayGroups.Split(parameters, settings);
        using var optimizer = optim.AdamW(groups, settings.LearningRate);
        var checkpoint = new TrainingCheckpoint(Path.Combine(folder, CheckpointName), task, settings, optimizer, groups);
        var step = Begin(checkpoint, resume, progress);
        var schedule = new CosineSchedule(settings.LearningRate, settings.WarmupSteps, TotalSteps, settings.FinalLearningRate);
        var records = new List<TrainingRecord>(File.Exists(logPath) ? TrainingLog.Read(logPath) : []);
        bool Ends(TrainingRecord? last) => last is { EndsEpoch: true } && last.Step == step
            && (last.Validation >= settings.StopAtAccuracy || last.Epoch >= settings.StopAfterEpoch);
        var (reached, stopped) = (Ends(records.LastOrDefault()), Ranks.Any(cancellation.IsCancellationRequested));
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
                    throw divergence.At(step + 1, $"{why}, and nothing can be computed with them");

                throw;
            }

            step++;
            task.AfterStep(step, TotalSteps);
            var endsEpoch = step % sampler.StepsPerEpoch == 0;
            var saves = endsEpoch || (settings.CheckpointEvery > 0 && step % settings.CheckpointEvery == 0);
            if (saves)
                RequireFinite(parameters, step);

            if (saves || step % settings.LogEvery == 0)
            {
                var record = Record(step, rate, endsEpoch);
                Ranks.First(() => TrainingLog.Append(logPath, record));
                records.Add(record);
                reached = Ends(record);
            }

            if (saves)
                Ranks.First(() => checkpoint.Write(step, Seconds));

            progress?.Invoke(new TrainingProgress(
                step, TotalSteps, records.LastOrDefault(), records.LastOrDefault()?.Step == step));
            stopped = Ranks.Any(cancellation.IsCancellationRequested);
        }

        if (stopped)
        {
            RequireFinite(parameters, step);
            Ranks.First(() => checkpoint.Write(step, Seconds));
        }

        return new TrainingResult(step, reached || step == TotalSteps, records);
    }

    private void Recompute(bool on)
    {
        foreach (var (_, module) in task.Modules)
            IRecomputing.Set(module, on);
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
            checkpoint.Delete();
            File.Delete(logPath);
            return 0;
        }

        divergence.RequireNone();
        if (checkpoint.ReadNewest(TotalSteps) is not (var step, var seconds, var notice))
        {
            File.Delete(logPath);
            return 0;
        }

        earlierSeconds = seconds;
        task.Restored(step, TotalSteps);
        TrainingLog.CutAfter(logPath, step);
        if (notice is not null)
            progress?.Invoke(new TrainingProgress(step, TotalSteps, null, false) { Notice = notice });

        return step;
    }

    private void Step(
        AdamW optimizer, IReadOnlyList<AdamW.ParamGroup> groups, (string Name, Parameter Parameter)[] parameters, int step,
        double rate)
    {
        using var scope = NewDisposeScope();
        var examples = sampler.Batch(step);
        gradients.Compute(examples, stepSeed);
        BatchGradients.Sum([.. parameters.Select(p => p.Parameter), .. task.Leaves]);
        var learned = parameters.Select(p => p.Parameter).Where(p => p.grad is not null);
        var norm = nn.utils.clip_grad_norm_(learned, settings.ClipNorm);
        if (Ranks.Any(!gradients.Averages.Step(norm)))
        {
            var what = Divergence.Of(gradients.Averages.Take(), norm);
            throw divergence.At(step + 1, $"{what}{LargestGradient(examples, parameters)}");
        }

        foreach (var group in groups)
            group.LearningRate = rate;

        optimizer.step();
    }

    // Clipping has spread over all gradients what is not finite in one, so they are computed once more.
    private string LargestGradient(ReadOnlySpan<int> examples, (string Name, Parameter Parameter)[] parameters)
    {
        try
        {
            gradients.Compute(examples, stepSeed);
            return $"; {Divergence.LargestGradient(parameters)}";
        }
        catch (ExternalException)
        {
            return string.Empty;
        }
    }

    private void RequireFinite((string Name, Parameter Parameter)[] parameters, int step)
    {
        if (Divergence.FirstIn(parameters) is { } name)
            throw divergence.At(step, $"the weights {name} are not finite");
    }

    private TrainingRecord Record(int step, double rate, bool endsEpoch)
    {
        var mean = gradients.Averages.Take();
        var validation = endsEpoch ? task.Validate().Accuracy : (double?)null;
        if (validation is { } score && !double.IsFinite(score))
            throw divergence.At(step, "the validation score is not a number");

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
