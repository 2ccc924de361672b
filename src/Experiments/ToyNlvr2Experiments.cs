using System.Text.Json;
using Madtp.Kit.Compression;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;

namespace Madtp.Kit.Experiments;

/// <summary>Experiments on the toy NLVR2: one short pass of fine-tuning from the trained plain model, at a budget, then the test split.</summary>
internal sealed class ToyNlvr2Experiments : IExperimentTask
{
    private static readonly ToyWorldSettings World = new();

    /// <inheritdoc/>
    public string Name => "toy-nlvr2";

    /// <inheritdoc/>
    public string Begins { get; } = $"{FileDigest.Of(ToyNlvr2.WeightsPath())} {JsonSerializer.Serialize(World)}";

    /// <inheritdoc/>
    public string DataDigest()
    {
        using var test = ToyNlvr2Pairs.Draw("test1", World);
        using var scope = TorchSharp.torch.NewDisposeScope();
        var batch = test.Batch([.. Enumerable.Range(0, test.Count)]);
        return FileDigest.Of(batch.Images, batch.Ids, batch.Labels);
    }

    /// <inheritdoc/>
    public ExperimentScores? Run(Experiment experiment, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var method = Methods.Of(experiment.Method);
        var budget = ExperimentTraining.Budget(experiment);
        ExperimentTraining.Check(experiment, method);

        using var train = ToyNlvr2Pairs.Draw("train", World, experiment.TrainExamples > 0 ? experiment.TrainExamples : 200);
        using var dev = ToyNlvr2Pairs.Draw("dev", World);
        using var test = ToyNlvr2Pairs.Draw("test1", World);
        using var model = ToyNlvr2.Begin(ToyNlvr2.WeightsPath(), new AlignmentConfig(experiment.LearnableTokens, experiment.AlignmentWidth, AlignmentMapping.PerLayer), experiment.Seed);
        if (method.PrunesParameters)
        {
            return Compressed(experiment, model, train, dev, test, folder, progress, cancellation);
        }

        var settings = new NlvrTaskSettings { MacShare = budget, AlignmentWeight = method.AlignmentWeight };
        using var task = new NlvrTask(model, train, dev, settings, method.Pruning);
        if (experiment.TrainExamples > 0 && !new Trainer(task, ExperimentTraining.Of(experiment), folder).Run(progress, resume: true, cancellation).Completed)
        {
            return null;
        }

        var calibration = budget is null ? null : task.Calibrate();
        return new ExperimentScores(task.Evaluate(dev, "dev"), task.Evaluate(test, "test1"), calibration);
    }

    private static ExperimentScores? Compressed(Experiment experiment, BlipNlvr model, NlvrPairs train, NlvrPairs dev, NlvrPairs test, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        NlvrTask Begin(BlipNlvr one) => new(one, train, dev, new NlvrTaskSettings { AlignmentWeight = 0 });
        using var smaller = ExperimentTraining.UPop(experiment, folder, progress, cancellation).Compress(PrunableFamilies.Nlvr, model, Begin);
        return smaller is null ? null : ExperimentTraining.Compressed(experiment, NlvrEvaluator.Evaluate(smaller, dev, "dev"), NlvrEvaluator.Evaluate(smaller, test, "test1"));
    }
}
