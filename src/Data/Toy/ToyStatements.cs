namespace Madtp.Kit.Data.Toy;

/// <summary>One example of the toy world: a statement, two scenes, and whether it is true of them.</summary>
/// <param name="Set">Which group of four pairs it belongs to; the group shares the sentence.</param>
/// <param name="Number">Its place in the group, 0 to 3.</param>
/// <param name="Kind">The kind of statement, in one word.</param>
/// <param name="Sentence">The statement.</param>
/// <param name="Left">The left picture.</param>
/// <param name="Right">The right picture.</param>
/// <param name="Label">Whether the statement is true.</param>
public sealed record ToyPair(int Set, int Number, string Kind, string Sentence, ToyScene Left, ToyScene Right, bool Label)
{
    /// <summary>Pairs that share a sentence: two of which it is true, two of which it is false.</summary>
    public const int PerSet = 4;

    /// <summary>One example of a split, the one that <see cref="ToyNlvr2Pairs"/> has under the same number.</summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="example">Its number in the split, from 0.</param>
    /// <param name="settings">The world; the usual one if null.</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public static ToyPair Of(string split, int example, ToyWorldSettings? settings = null)
    {
        settings ??= new ToyWorldSettings();
        return DrawSet(settings.Seed, settings.Split(split).Number, example / PerSet)[example % PerSet];
    }

    /// <summary>The four examples of one sentence; a function of the seed alone.</summary>
    /// <param name="seed">The world's seed.</param>
    /// <param name="split">A number of its own for each split, so that no split repeats another's scenes.</param>
    /// <param name="set">The group's number.</param>
    public static ToyPair[] DrawSet(ulong seed, int split, int set)
    {
        var random = new SeededRandom(SeededRandom.SeedFor(seed, (ulong)split, (ulong)set));
        var claim = ToyStatements.Draw(random);
        var sentence = claim.Say(random);
        bool[] labels = [true, false, true, false];
        random.Shuffle(labels.AsSpan());
        return [.. labels.Select((label, number) =>
        {
            var sibling = claim.Sibling(random);
            var (left, right) = label ? ToyStatements.DrawPair(claim, sibling, random) : ToyStatements.DrawPair(sibling, claim, random);
            return new ToyPair(set, number, claim.Kind, sentence, left, right, label);
        })];
    }
}

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

/// <summary>"The left image contains a red circle", and the same of the right, both, or at least one.</summary>
/// <param name="Where">Which of the two pictures is spoken of.</param>
/// <param name="What">What they contain.</param>
public sealed record ContainClaim(ContainClaim.Place Where, ToyDescription What) : ToyClaim
{
    /// <summary>Which of the two pictures is spoken of.</summary>
    public enum Place
    {
        /// <summary>The left one.</summary>
        Left,

        /// <summary>The right one.</summary>
        Right,

        /// <summary>Each of the two.</summary>
        Both,

        /// <summary>At least one of the two.</summary>
        Either,
    }

    /// <inheritdoc/>
    public override string Kind => Where.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public override IReadOnlyList<ToyDescription> Mentions => [What];

    /// <summary>A random claim about the given place.</summary>
    /// <param name="where">Which of the two pictures is spoken of.</param>
    /// <param name="random">Chooses what they contain.</param>
    public static ContainClaim Draw(Place where, SeededRandom random) => new(where, ToyDescriptions.Draw(random));

    /// <inheritdoc/>
    public override bool? Holds(ToyScene left, ToyScene right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return Where switch
        {
            Place.Left => left.Has(What),
            Place.Right => right.Has(What),
            Place.Both => left.Has(What) && right.Has(What),
            _ => left.Has(What) || right.Has(What),
        };
    }

    /// <inheritdoc/>
    public override string Say(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return random.Pick<string>(Where switch
        {
            Place.Left or Place.Right => [$"The {Kind} image contains a {What}.", $"There is a {What} in the {Kind} image.", $"The image on the {Kind} shows a {What}."],
            Place.Both => [$"Both images contain a {What}.", $"There is a {What} in both images.", $"Each image shows a {What}."],
            _ => [$"At least one image contains a {What}.", $"There is a {What} in at least one of the images.", $"One or both images show a {What}."],
        });
    }

    /// <inheritdoc/>
    public override ToyClaim Sibling(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Where is Place.Left or Place.Right && random.Chance(0.15)
            ? this with { Where = Where == Place.Left ? Place.Right : Place.Left }
            : this with { What = ToyDescriptions.Change(What, random) };
    }
}

/// <summary>Draws claims of every kind, and pairs of scenes of which they are true or false.</summary>
public static class ToyStatements
{
    /// <summary>How often a shape is drawn from what the claim or its sibling mentions.</summary>
    private const double Favour = 0.6;

    // Shares in percent. Each needs the statement and one look, or one in each picture.
    private static readonly (int Share, Func<SeededRandom, ToyClaim> Draw)[] Kinds =
    [
        (32, r => ContainClaim.Draw(ContainClaim.Place.Left, r)),
        (32, r => ContainClaim.Draw(ContainClaim.Place.Right, r)),
        (18, r => ContainClaim.Draw(ContainClaim.Place.Both, r)),
        (18, r => ContainClaim.Draw(ContainClaim.Place.Either, r)),
    ];

    /// <summary>A random claim of a random kind.</summary>
    /// <param name="random">Makes the choices.</param>
    public static ToyClaim Draw(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var share = random.Next(100);
        foreach (var (width, draw) in Kinds)
        {
            share -= width;
            if (share < 0)
            {
                return draw(random);
            }
        }

        throw new InvalidOperationException("the kinds' shares do not add up to 100");
    }

    /// <summary>Two scenes for which <paramref name="holds"/> is true and <paramref name="fails"/> false.</summary>
    /// <param name="holds">What shall be so.</param>
    /// <param name="fails">What shall not be so.</param>
    /// <param name="random">Draws the scenes.</param>
    /// <exception cref="InvalidOperationException">No such pair turns up: the two claims contradict one another's opposite.</exception>
    public static (ToyScene Left, ToyScene Right) DrawPair(ToyClaim holds, ToyClaim fails, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(holds);
        ArgumentNullException.ThrowIfNull(fails);
        ReadOnlySpan<ToyDescription> mentioned = [.. holds.Mentions, .. fails.Mentions];
        for (var attempt = 0; attempt < 100_000; attempt++)
        {
            var left = ToySceneGenerator.Draw(random, mentioned, Favour);
            var right = ToySceneGenerator.Draw(random, mentioned, Favour);
            if (holds.Holds(left, right) == true && fails.Holds(left, right) == false)
            {
                return (left, right);
            }
        }

        throw new InvalidOperationException($"no scenes found where '{holds}' holds and '{fails}' does not");
    }
}
