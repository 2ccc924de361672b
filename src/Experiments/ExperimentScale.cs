namespace Madtp.Kit.Experiments;

/// <summary>How large experiments are.</summary>
public enum ExperimentScale
{
    /// <summary>The toy world: minutes on two cores, nothing to fetch.</summary>
    Toy,

    /// <summary>The paper's data sets and checkpoints: days on a GPU.</summary>
    Paper,
}
