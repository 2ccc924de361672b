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
}
