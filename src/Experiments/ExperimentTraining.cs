using Madtp.Kit.Madtp;
using Madtp.Kit.Compression;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;

namespace Madtp.Kit.Experiments;

/// <summary>How experiments are trained: the same for every method.</summary>
internal static class ExperimentTraining
{
    /// <summary>One pass (or as many as the experiment says) over its examples, with a short warm-up.</summary>
    public static TrainingSettings Of(Experiment experiment) => new()
    {
        Epochs = experiment.Epochs ?? 1,
        LearningRate = experiment.LearningRate,
        WarmupSteps = 20,
        Seed = experiment.Seed,
        CheckpointEvery = 25,
    };

    /// <summary>The share of the plain model's multiply-accumulates that may be left; null where nothing is taken away.</summary>
    public static double? Budget(Experiment experiment) => experiment.ReduceRatio > 0 ? 1 - experiment.ReduceRatio : null;

    /// <summary>Parameter pruning: the search and the training of the smaller model each get the examples that other methods get once.</summary>
    public static UPopRun UPop(Experiment experiment, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation) =>
        UPop(experiment, Of(experiment), updateEvery: 5, folder, progress, cancellation);

    /// <summary>The same with other settings of the trainer, choosing anew after as many steps.</summary>
    public static UPopRun UPop(Experiment experiment, TrainingSettings settings, int updateEvery, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation)
    {
        var training = UPopTraining.Of(new UPopSettings { MacShare = 1 - experiment.ReduceRatio, UpdateEvery = updateEvery }, settings);
        return new UPopRun(training, folder) { Resume = true, Progress = progress, Cancellation = cancellation };
    }

    /// <summary>The scores of a smaller model, its budget met where the test split costs no more than a percent above it.</summary>
    public static ExperimentScores Compressed(Experiment experiment, Evaluation dev, Evaluation test) =>
        new(dev, test, null) { BudgetMet = test.MacShare <= 1 - experiment.ReduceRatio + 0.01 };

    /// <summary>Insists that parameters are only pruned where something is to be taken away and learned.</summary>
    /// <exception cref="ArgumentException">The method prunes parameters without a budget, or without examples.</exception>
    public static void Check(Experiment experiment, Method method)
    {
        if (method.PrunesParameters && (experiment.ReduceRatio <= 0 || experiment.TrainExamples <= 0))
        {
            throw new ArgumentException($"{method.Name} finds what to prune by training: it needs a reduce ratio above 0 and examples to train on", nameof(experiment));
        }
    }

    /// <summary>The experiment's method, for a task that has alignment guidance of one size.</summary>
    /// <exception cref="ArgumentException">The experiment asks for another size, or for what its method cannot do.</exception>
    public static Method OfUsualSize(Experiment experiment)
    {
        var method = Methods.Of(experiment.Method);
        var usual = new Experiment();
        Check(experiment, method);
        if (experiment.LearnableTokens != usual.LearnableTokens || experiment.AlignmentWidth != usual.AlignmentWidth)
        {
            throw new ArgumentException($"'{experiment.Task}' has K = {usual.LearnableTokens} and d_k = {usual.AlignmentWidth}; only toy-nlvr2 varies them", nameof(experiment));
        }

        return method;
    }
}
