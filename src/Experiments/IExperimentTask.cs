using Madtp.Kit.Training;

namespace Madtp.Kit.Experiments;

/// <summary>What an experiment trains and scores: a model, its weights to begin with, and data.</summary>
public interface IExperimentTask
{
    /// <summary>Its name in <see cref="Experiment.Task"/>.</summary>
    string Name { get; }

    /// <summary>What results depend on besides the experiment: digest of the weights it begins with, and the data's settings.</summary>
    string Begins { get; }

    /// <summary>The task's usual experiment: MADTP with nothing taken away yet, seed 1, the training that the task is made for.</summary>
    Experiment Usual => new() { Task = Name };

    /// <summary>Whether a run may take days, so that an unfinished one is never thrown away, not even when the kit's code has changed meanwhile.</summary>
    bool TakesDays => false;

    /// <summary>Insists that everything is there that a run needs, before it is begun; a task that comes with the kit needs nothing.</summary>
    /// <exception cref="FileNotFoundException">Something is missing; the message lists all of it and where to get it.</exception>
    void RequireInputs()
    {
    }

    /// <summary>Digest of the test split.</summary>
    string DataDigest();

    /// <summary>
    /// Trains and scores.
    /// </summary>
    /// <param name="experiment">What to run.</param>
    /// <param name="folder">Where the training keeps its checkpoint, and finds it again.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops after the step in hand.</param>
    /// <returns>The scores; null where the training was stopped.</returns>
    /// <exception cref="ArgumentException">The task has no such method.</exception>
    ExperimentScores? Run(Experiment experiment, string folder, Action<TrainingProgress>? progress, CancellationToken cancellation);
}
