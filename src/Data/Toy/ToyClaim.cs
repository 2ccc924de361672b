namespace Madtp.Kit.Data.Toy;

/// <summary>
/// What a statement says of a pair of pictures, and its <see cref="Sibling"/>: a claim of the same kind that differs in one
/// respect. A pair of pictures is always drawn so that exactly one of the two holds, and either is the one that is said
/// equally often: so neither the words alone nor the pictures alone tell the answer.
/// </summary>
public abstract record ToyClaim
{
    /// <summary>The kind in one word; written into the annotation's "synset" so that scores can be split by it.</summary>
    public abstract string Kind { get; }

    /// <summary>The descriptions that occur in the sentence; scenes are drawn to hold these often.</summary>
    public abstract IReadOnlyList<ToyDescription> Mentions { get; }

    /// <summary>Whether the pair is as said; null where the words do not settle it.</summary>
    /// <param name="left">The left picture.</param>
    /// <param name="right">The right picture.</param>
    public abstract bool? Holds(ToyScene left, ToyScene right);

    /// <summary>The claim in words, in one of several ways.</summary>
    /// <param name="random">Chooses the wording.</param>
    public abstract string Say(SeededRandom random);

    /// <summary>Another claim of the same kind; being siblings is as likely in either direction.</summary>
    /// <param name="random">Chooses what differs.</param>
    public abstract ToyClaim Sibling(SeededRandom random);
}
