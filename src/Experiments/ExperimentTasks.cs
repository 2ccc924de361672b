using Madtp.Kit.Training;

namespace Madtp.Kit.Experiments;

/// <summary>The tasks that experiments know.</summary>
public static class ExperimentTasks
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<IExperimentTask> All { get; } =
    [
        new ToyNlvr2Experiments(),
        new ToyRetrievalExperiments(ToyRetrievalRecipe.Clip),
        new ToyRetrievalExperiments(ToyRetrievalRecipe.Blip),
        new ToyLanguageExperiments(ToyRecipe.Caption),
        new ToyLanguageExperiments(ToyRecipe.Vqa),
        new Nlvr2Experiments(),
        .. FineTuningExperiments.All,
    ];

    /// <summary>The task of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message names those there are.</exception>
    public static IExperimentTask Of(string name) => All.FirstOrDefault(task => task.Name == name)
        ?? throw new ArgumentException($"there is no task '{name}'; there are {string.Join(", ", All.Select(one => one.Name))}");
}
