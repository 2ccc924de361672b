namespace Madtp.Kit.Cost;

/// <summary>Which pairs of tokens a method that merges by similarity compares.</summary>
public enum MatchedPairs
{
    /// <summary>None.</summary>
    None,

    /// <summary>Every token of one half with every token of the other (ToMe).</summary>
    Bipartite,

    /// <summary>Every token with every other (CrossGET).</summary>
    Complete,
}
