using Madtp.Kit.Madtp;

namespace Madtp.Kit.Experiments;

/// <summary>A method as a row of a table has it: what prunes, and how strongly alignment is trained beside it.</summary>
/// <param name="Name">Its name in <see cref="Experiment.Method"/>.</param>
/// <param name="Pruning">The token reduction; null for a method that takes no tokens out.</param>
public sealed record Method(string Name, PruningMethod? Pruning)
{
    /// <summary>α, weight of the alignment loss; 0 for methods without alignment guidance.</summary>
    public double AlignmentWeight { get; init; }

    /// <summary>Whether parameters are pruned instead of tokens.</summary>
    public bool PrunesParameters { get; init; }

    /// <summary>What it does, in a sentence.</summary>
    public required string About { get; init; }
}
