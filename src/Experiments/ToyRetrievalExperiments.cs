using System.Text.Json;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.Experiments;

/// <summary>Experiments on a toy retrieval model: one short pass of fine-tuning from the trained plain model, at a budget, then the test split.</summary>
/// <param name="recipe">How the plain model is made.</param>
internal sealed class ToyRetrievalExperiments(ToyRetrievalRecipe recipe) : IExperimentTask
{
    /// <inheritdoc/>
    public string Name => recipe.Name;

    /// <inheritdoc/>
    public string Begins => $"{FileDigest.Of(Weights)} {JsonSerializer.Serialize(recipe.World)}";

    private string Weights => ToyRetrievalRecipe.WeightsPath(recipe.Name, null);

    /// <inheritdoc/>
    public string DataDigest()
    {
        using var test = recipe.Draw("test", recipe.World);
        using var scope = NewDisposeScope();
        return FileDigest.Of(test.Pixels([.. Enumerable.Range(0, test.Images)]), test.Texts([.. Enumerable.Range(0, test.Captions)]).Ids);
    }

    /// <inheritdoc/>
    public ExperimentScores? Run(Experiment experiment, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var method = ExperimentTraining.OfUsualSize(experiment);
        var budget = ExperimentTraining.Budget(experiment);
        var captions = experiment.TrainExamples > 0 ? experiment.TrainExamples : 200;
        var world = recipe.World with { TrainImages = Math.Max(1, captions / recipe.World.CaptionsPerImage) };
        using var train = recipe.Draw("train", world);
        using var dev = recipe.Draw("val", world);
        using var test = recipe.Draw("test", world);
        var retriever = recipe.Begin(Weights, experiment.Seed);
        using var module = retriever.Module;
        var settings = new RetrievalTaskSettings { MacShare = method.PrunesParameters ? null : budget, AlignmentWeight = method.AlignmentWeight };
        RetrievalTask Begin(IRetriever one) => new(one, train, dev, settings, method.Pruning);
        if (method.PrunesParameters)
        {
            var smaller = retriever.Compressed(ExperimentTraining.UPop(experiment, folder, progress, cancellation), Begin);
            using var cut = smaller?.Module;
            return smaller is null ? null : ExperimentTraining.Compressed(experiment, RetrievalEvaluator.Evaluate(smaller, dev, "val"), RetrievalEvaluator.Evaluate(smaller, test, "test"));
        }

        using var task = Begin(retriever);
        if (experiment.TrainExamples > 0 && !new Trainer(task, ExperimentTraining.Of(experiment), folder).Run(progress, resume: true, cancellation).Completed)
        {
            return null;
        }

        var calibration = budget is null ? null : task.Calibrate();
        return new ExperimentScores(task.Evaluate(dev, "val"), task.Evaluate(test, "test"), calibration);
    }
}
