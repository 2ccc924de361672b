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

    /// <summary>The experiment's method, for a task that only prunes tokens and has alignment guidance of one size.</summary>
    /// <exception cref="ArgumentException">It prunes parameters, or asks for another size.</exception>
    public static Method TokenMethod(Experiment experiment)
    {
        var method = Methods.Of(experiment.Method);
        var usual = new Experiment();
        if (method.PrunesParameters)
        {
            throw new ArgumentException($"{method.Name} prunes the parameters of BLIP NLVR2 only; '{experiment.Task}' has methods that prune tokens", nameof(experiment));
        }

        if (experiment.LearnableTokens != usual.LearnableTokens || experiment.AlignmentWidth != usual.AlignmentWidth)
        {
            throw new ArgumentException($"'{experiment.Task}' has K = {usual.LearnableTokens} and d_k = {usual.AlignmentWidth}; only toy-nlvr2 varies them", nameof(experiment));
        }

        return method;
    }
}
