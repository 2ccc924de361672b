using System.Text.Json;
using Madtp.Kit.Compression;
using Madtp.Kit.Data.Nlvr2;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Toy;
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
        if (method.PrunesParameters && (budget is null || experiment.TrainExamples <= 0))
        {
            throw new ArgumentException($"{method.Name} finds what to prune by training: it needs a reduce ratio above 0 and examples to train on", nameof(experiment));
        }

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

    // The search and the training of the smaller model each get the examples that other methods get once.
    private static ExperimentScores? Compressed(Experiment experiment, BlipNlvr model, NlvrPairs train, NlvrPairs dev, NlvrPairs test, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var share = 1 - experiment.ReduceRatio;
        var settings = ExperimentTraining.Of(experiment);
        var training = new UPopTraining
        {
            Settings = new UPopSettings { MacShare = share, UpdateEvery = 5 },
            Search = settings with { FinalLearningRate = settings.LearningRate },
            Retraining = settings,
        };
        using var smaller = training.Run(model, train, dev, folder, resume: true, progress, cancellation);
        if (smaller is null)
        {
            return null;
        }

        var tested = NlvrEvaluator.Evaluate(smaller, test, "test1");
        return new ExperimentScores(NlvrEvaluator.Evaluate(smaller, dev, "dev"), tested, null)
        {
            BudgetMet = tested.MacShare <= share + 0.01,
        };
    }
}
