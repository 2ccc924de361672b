namespace Madtp.Kit.Data.Toy;

/// <summary>What NLVR2's pairs of a drawn world are made of. Equal settings give equal files, byte for byte.</summary>
/// <param name="TrainPairs">Examples to train on; as all three, a multiple of four.</param>
/// <param name="DevPairs">Examples to choose by.</param>
/// <param name="TestPairs">Examples to report.</param>
public sealed record ToyWorldSettings(ulong Seed = 1, int TrainPairs = 12_000, int DevPairs = 1_000, int TestPairs = 1_000)
{
    /// <summary>The usual world with decoys.</summary>
    public static ToyWorldSettings Decoys { get; } = new(TestPairs: 4_000);

    /// <summary>The splits by the names NLVR2 gives them, each with its number of pairs.</summary>
    internal IReadOnlyList<(string Split, int Number, int Pairs)> Splits =>
        [("train", 0, TrainPairs), ("dev", 1, DevPairs), ("test1", 2, TestPairs)];

    /// <summary>How many pictures all splits have.</summary>
    internal int Images => 2 * (TrainPairs + DevPairs + TestPairs);

    /// <summary>The usual proportions for another number of training pairs: a twelfth of it for dev.</summary>
    /// <param name="trainPairs">Examples to train on; a positive multiple of four.</param>
    /// <param name="testShare">What part of it there is to test on; a third where there are decoys.</param>
    /// <exception cref="ArgumentException">The number is not a positive multiple of four.</exception>
    public static ToyWorldSettings Scaled(ulong seed, int trainPairs, int testShare = 12)
    {
        const int set = ToyPair.PerSet;
        Guard.Argument(trainPairs > 0 && trainPairs % set == 0,
            $"{trainPairs} pairs: give a positive multiple of {set} (a sentence comes with {set} pairs)", nameof(trainPairs));
        int Held(int share) => Math.Max(set, trainPairs / share / set * set);
        return new ToyWorldSettings(seed, trainPairs, Held(12), Held(testShare));
    }

    /// <summary>A split's number.</summary>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    internal (int Number, int Pairs) Split(string name) =>
        Splits.FirstOrDefault(split => split.Split == name) is { Pairs: > 0 } found ? (found.Number, found.Pairs)
        : throw new ArgumentException($"the toy world has no split '{name}'; it has train, dev, test1", nameof(name));

    /// <summary>The pairs of a split, or its first ones (rounded up to whole sets), on several threads.</summary>
    /// <param name="drawSet">Draws a set by seed, split and its number.</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    internal TPair[] Draw<TPair>(string split, int? limit, Func<ulong, int, int, TPair[]> drawSet)
    {
        var (number, pairs) = Split(split);
        var sets = new TPair[(Math.Min(limit ?? pairs, pairs) + ToyPair.PerSet - 1) / ToyPair.PerSet][];
        Parallel.For(0, sets.Length, set => sets[set] = drawSet(Seed, number, set));
        return [.. sets.SelectMany(set => set)];
    }
}

/// <summary>Which of the two pictures a claim speaks of; either: of at least one.</summary>
public enum ToyPlace { Left, Right, Both, Either }

/// <summary>"The left image contains a red circle", and the same of the right, both, or at least one; and its
/// <see cref="Sibling"/>, a claim of the same kind that differs in one respect. A pair of pictures is always drawn so that
/// exactly one of the two holds, and either is the one that is said equally often: so neither the words alone nor the pictures
/// alone tell the answer.</summary>
public sealed record ToyClaim(ToyPlace Where, ToyDescription What)
{
    private const double Favour = 0.6; // how often a shape is drawn from what the claim or its sibling mentions

    /// <summary>The kind in one word; written into the annotation's "synset" so that scores can be split by it.</summary>
    public string Kind => ToyWords.Of(Where);

    /// <summary>A random claim: 32% of the left, 32% of the right, 18% of both, 18% of either.</summary>
    public static ToyClaim Draw(SeededRandom random)
    {
        var share = random.Next(100);
        var where = share < 32 ? ToyPlace.Left : share < 64 ? ToyPlace.Right : share < 82 ? ToyPlace.Both : ToyPlace.Either;
        return new ToyClaim(where, ToyDescription.Draw(random));
    }

    /// <summary>Whether the pair is as said.</summary>
    public bool Holds(ToyScene left, ToyScene right) => Where switch
    {
        ToyPlace.Left => left.Has(What),
        ToyPlace.Right => right.Has(What),
        ToyPlace.Both => left.Has(What) && right.Has(What),
        _ => left.Has(What) || right.Has(What),
    };

    /// <summary>The claim in words, in one of several ways.</summary>
    public string Say(SeededRandom random) => random.Pick<string>(Where switch
    {
        ToyPlace.Left or ToyPlace.Right =>
            [$"The {Kind} image contains a {What}.", $"There is a {What} in the {Kind} image.",
                $"The image on the {Kind} shows a {What}."],
        ToyPlace.Both => InBoth($"{What}"),
        _ => InEither($"{What}"),
    });

    internal static string[] InBoth(string what) =>
        [$"Both images contain a {what}.", $"There is a {what} in both images.", $"Each image shows a {what}."];

    internal static string[] InEither(string what) =>
        [$"At least one image contains a {what}.", $"There is a {what} in at least one of the images.",
            $"One or both images show a {what}."];

    /// <summary>Another claim of the same kind; being siblings is as likely in either direction.</summary>
    public ToyClaim Sibling(SeededRandom random) => Where is ToyPlace.Left or ToyPlace.Right && random.Chance(0.15)
        ? this with { Where = Where == ToyPlace.Left ? ToyPlace.Right : ToyPlace.Left }
        : this with { What = What.Change(random) };

    /// <summary>Two scenes of which this holds and another claim does not.</summary>
    /// <exception cref="InvalidOperationException">No such pair turns up: the two claims contradict one another's
    /// opposite.</exception>
    public (ToyScene Left, ToyScene Right) DrawPair(ToyClaim other, SeededRandom random)
    {
        ReadOnlySpan<ToyDescription> mentioned = [What, other.What];
        for (var attempt = 0; attempt < 100_000; attempt++)
        {
            var left = ToyScene.Draw(random, mentioned, Favour);
            var right = ToyScene.Draw(random, mentioned, Favour);
            if (Holds(left, right) && !other.Holds(left, right))
            {
                return (left, right);
            }
        }

        throw new InvalidOperationException($"no scenes found where '{this}' holds and '{other}' does not");
    }
}

/// <summary>One example of the toy world: a statement, two scenes, and whether it is true of them.</summary>
/// <param name="Set">Which group of four pairs it belongs to; the group shares the sentence.</param>
/// <param name="Number">Its place in the group, 0 to 3.</param>
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
    /// <param name="split">A number of its own for each split, so that no split repeats another's scenes.</param>
    public static ToyPair[] DrawSet(ulong seed, int split, int set)
    {
        var random = new SeededRandom(SeededRandom.SeedFor(seed, (ulong)split, (ulong)set));
        var claim = ToyClaim.Draw(random);
        var sentence = claim.Say(random);
        return [.. Labels(random).Select((label, number) =>
        {
            var sibling = claim.Sibling(random);
            var (left, right) = label ? claim.DrawPair(sibling, random) : sibling.DrawPair(claim, random);
            return new ToyPair(set, number, claim.Kind, sentence, left, right, label);
        })];
    }

    /// <summary>Of a set's pairs, which its sentence is true of.</summary>
    internal static bool[] Labels(SeededRandom random)
    {
        bool[] labels = [true, false, true, false];
        random.Shuffle(labels.AsSpan());
        return labels;
    }
}
