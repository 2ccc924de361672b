namespace Madtp.Kit.Pruning;

/// <summary>How the number of kept tokens falls from layer to layer.</summary>
public enum CountSchedule
{
    /// <summary>Every reducing layer removes the same number of tokens.</summary>
    SameNumber,

    /// <summary>Every reducing layer keeps the same share of the tokens still there.</summary>
    SameShare,
}
