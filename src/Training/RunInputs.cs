using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Everything that the results of a run depend on: by it a folder is known to be that run's.</summary>
internal static class RunInputs
{
    /// <summary>Of a training.</summary>
    public static RunIdentity Of(Run run, ModelTask task)
    {
        var settings = run.Settings;
        var identity = Of(run, task, (string[])["train", task.ValidationSplit]);
        identity.Add("data set", settings.Dataset);
        identity.Add("training examples", settings.TrainExamples);
        identity.Add("transform", settings.Transform);
        identity.Add("reduce ratio", settings.ReduceRatio);
        identity.Add("method", run.PrunesParameters ? Methods.UPop : settings.ReduceRatio is null ? null : settings.Method?.Name);
        identity.Add("losses", FormattableString.Invariant(
            $"alignment {settings.AlignmentWeight}, patches {settings.PatchWeight}, words {settings.WordWeight}"));
        identity.Add("guidance", settings.Guidance == GuidanceTraining.Paper ? null : settings.Guidance);
        identity.Add("model", FormattableString.Invariant($"drop path {settings.DropPath}, dropout {settings.Dropout}, ")
            + FormattableString.Invariant($"queue {settings.QueueSize}, momentum {settings.Momentum}"));
        identity.Add("budget", FormattableString.Invariant(
            $"{settings.CalibrationExamples} examples, {settings.CalibrationsPerEpoch} times an epoch"));
        identity.Add(
            "choices", run is { PrunesParameters: true, UpdateEvery: not Run.UsualUpdateEvery } ? run.UpdateEvery : null);
        identity.Add("distillation", settings.Distillation);
        identity.Add("candidates", settings.Candidates);
        identity.Add("watched", settings.WatchedExamples);
        identity.Add("alignment", (settings.NewAlignment ? "new " : string.Empty) + settings.Alignment);
        identity.Add(run.Training.Deciding);
        identity.Add("parts of a batch", task.SharesCounts ? run.Training.AccumulateSteps : null);
        identity.Add("learns val2014", settings.TrainOnValidation ? "yes" : null);
        return identity;
    }

    /// <summary>Of the scoring of a split.</summary>
    public static RunIdentity Of(Run run, ModelTask task, string split)
    {
        var identity = Of(run, task, (string[])[split]);
        identity.Add("split", split);
        identity.Add("limit", run.Scoring.Limit);
        identity.Add("batch size", run.Scoring.BatchSize);
        identity.Add("precision", MixedPrecision.IsOn ? TrainingPrecision.BFloat16
            : backends.cuda.matmul.allow_tf32 ? TrainingPrecision.Tf32 : null);
        identity.Add("shuffled", run.Scoring.Shuffle == Shuffle.None ? null : run.Scoring.Shuffle);
        var (reduction, ratio) = (task.Settings.Reduction, task.Settings.ReduceRatio);
        if ((ratio ?? task.Settings.Strength) is not null)
        {
            identity.Add("method", reduction.Name);
            identity.Add(reduction.StrengthIs, ratio is null ? task.Settings.Strength : null);
            identity.Add("reduce ratio", ratio);
            identity.Add("calibration examples", ratio is null ? null : task.Settings.CalibrationExamples);
        }

        task.Identify(identity, split);
        return identity;
    }

    // Of either: the task, its weights and its files.
    private static RunIdentity Of(Run run, ModelTask task, string[] splits)
    {
        var settings = run.Settings;
        var identity = new RunIdentity();
        identity.Add("task", run.Task);
        identity.Add("corpus", settings.Corpus);
        object? world = settings.Data is not null ? null : settings.Corpus is not null ? settings.Decoys
            : run.Task == "nlvr2" ? settings.World : settings.Scenes;
        identity.Add("world", world is null ? null : JsonSerializer.Serialize(world));
        identity.Add("image size", settings.ImageSize);
        if (settings.Checkpoint is { } checkpoint)
            identity.AddFile("checkpoint", checkpoint);

        identity.Add("weights", settings.Hints.Weights);
        foreach (var (name, value) in CheckpointHints.Notes(task.Model))
            identity.Add(name, value);

        foreach (var (number, input) in task.Inputs(splits).Index())
            identity.AddFile($"input {number + 1}", input);

        return identity;
    }
}
