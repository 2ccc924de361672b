using System.Text.Json;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.Experiments;

/// <summary>Experiments on the toy captioner or toy VQA: one short pass of fine-tuning from the trained plain model, at a budget, then the test split.</summary>
/// <param name="recipe">How the plain model is made.</param>
internal sealed class ToyLanguageExperiments(ToyRecipe recipe) : IExperimentTask
{
    /// <inheritdoc/>
    public string Name => recipe.Name;

    /// <inheritdoc/>
    public string Begins => $"{FileDigest.Of(Weights)} {JsonSerializer.Serialize(recipe.World)}";

    private string Weights => ToyRecipe.WeightsPath(recipe.Name, null);

    /// <inheritdoc/>
    public string DataDigest()
    {
        using var scope = NewDisposeScope();
        using var scenes = ToyCaptionedImages.DrawForCaptioning("test", recipe.World);
        return FileDigest.Of(scenes.Pixels([.. Enumerable.Range(0, scenes.Images)]), scenes.Texts([.. Enumerable.Range(0, scenes.Captions)]).Ids);
    }

    /// <inheritdoc/>
    public ExperimentScores? Run(Experiment experiment, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var method = ExperimentTraining.OfUsualSize(experiment);
        var budget = ExperimentTraining.Budget(experiment);
        var examples = experiment.TrainExamples > 0 ? experiment.TrainExamples : 200;
        var fineTuning = recipe with
        {
            From = Weights,
            Method = method.Pruning,
            Training = ExperimentTraining.Of(experiment),
            Task = new BudgetSettings { MacShare = method.PrunesParameters ? null : budget, AlignmentWeight = method.AlignmentWeight },
            World = recipe.World with { TrainImages = Math.Max(1, examples / recipe.World.CaptionsPerImage) },
        };
        if (method.PrunesParameters)
        {
            using var smaller = recipe.Compress(fineTuning, ExperimentTraining.UPop(experiment, folder, progress, cancellation));
            return smaller is null ? null : ExperimentTraining.Compressed(experiment, smaller.Score("val", false), smaller.Score("test", false));
        }

        using var run = recipe.Begin(fineTuning);
        if (experiment.TrainExamples > 0 && !new Trainer(run.Task!, ExperimentTraining.Of(experiment), folder).Run(progress, resume: true, cancellation).Completed)
        {
            return null;
        }

        var calibration = budget is null ? null : run.Task!.Calibrate();
        return new ExperimentScores(run.Score("val", false), run.Score("test", false), calibration);
    }
}
