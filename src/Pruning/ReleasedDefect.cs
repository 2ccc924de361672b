namespace Madtp.Kit.Pruning;

/// <summary>One way in which the authors' released code departs from its text, or from what its text must mean.</summary>
/// <param name="Name">A few words.</param>
/// <param name="Sentence">What the released code does, and what the kit does instead.</param>
public sealed record ReleasedDefect(string Name, string Sentence)
{
    /// <summary>Its number in the kit's list of defects; null for a difference that is no defect by itself.</summary>
    public int? Number { get; init; }

    /// <summary>The kit's default policy with this one thing as released; null where it is no matter of a policy.</summary>
    public ReductionPolicy? Policy { get; init; }

    /// <summary>Where it is decided, if not in a policy; null if it is.</summary>
    public string? DecidedIn { get; init; }
}
