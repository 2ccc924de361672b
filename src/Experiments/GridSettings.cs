namespace Madtp.Kit.Experiments;

/// <summary>How a grid is run.</summary>
public sealed record GridSettings
{
    /// <summary>Where results are.</summary>
    public RunCache Cache { get; init; } = RunCache.Default;

    /// <summary>Where unfinished runs keep their checkpoints, a folder for each experiment.</summary>
    public string Runs { get; init; } = KitFolder.File("artifacts", "runs", "experiments");

    /// <summary>Processes at once; 0 runs one after another in this process. Usually one for each core, at the paper's scale one in all: it has the GPU to itself.</summary>
    public int Jobs { get; init; } = UsualJobs(Scale.Current);

    /// <summary>Processes at once at a scale.</summary>
    internal static int UsualJobs(ExperimentScale scale) => scale == ExperimentScale.Paper ? 1 : Environment.ProcessorCount;
}
