using Madtp.Kit.Data.Toy;

namespace Madtp.Kit.Data.Decoys;

/// <summary>What a claim says.</summary>
public enum ClaimForm
{
    /// <summary>"The left image contains exactly two red objects."</summary>
    Count,
    /// <summary>"There are more circles in the left image than in the right image."</summary>
    Compare,
    /// <summary>"In the left image a red circle is above a large square."</summary>
    Relate,
    /// <summary>"Both images contain a red circle."</summary>
    Both,
    /// <summary>"At least one image contains a red circle."</summary>
    Either,
}

/// <summary>How two things stand to one another, by their cells' columns or rows.</summary>
public enum Relation { LeftOf, RightOf, Above, Below }

/// <summary>A claim about two pictures in the words of one corpus, and its <see cref="Sibling"/>, which differs in one respect.
/// Pictures are drawn so that exactly one of the two holds, and either is said equally often: neither words nor pictures alone
/// tell the answer.</summary>
/// <param name="OfRight">Whether it is said of the right picture, not the left (count, compare, relate).</param>
/// <param name="Number">How many there are to be, 1 to 3 (count).</param>
/// <param name="Relation">How they stand to <paramref name="Other"/> (relate).</param>
/// <param name="Other">The second things (relate).</param>
public sealed record DecoyClaim(
    ClaimForm Form, bool OfRight, ThingWords What, int Number = 0, Relation Relation = default, ThingWords Other = default)
{
    private static readonly string[] Numbers = ["zero", "one", "two", "three"];

    /// <summary>The kind in one word, by which scores are split.</summary>
    public string Kind => Form is ClaimForm.Both or ClaimForm.Either ? "exists" : Form.ToString().ToLowerInvariant();

    /// <summary>A random claim about things of a kind: 30% count, 25% compare, 25% relate, 20% say both or either.</summary>
    public static DecoyClaim Draw(ThingKind kind, SeededRandom random)
    {
        var (share, right) = (random.Next(100), random.Chance(0.5));
        var what = share < 55 ? ThingWords.Broad(kind, random) : ThingWords.Narrow(kind, random);
        return share switch
        {
            < 30 => new(ClaimForm.Count, right, what, 1 + random.Next(3)),
            < 55 => new(ClaimForm.Compare, right, what),
            < 80 => new(ClaimForm.Relate, right, what, Relation: (Relation)random.Next(4), Other: OtherThan(what, random)),
            _ => new(share < 90 ? ClaimForm.Both : ClaimForm.Either, false, what),
        };
    }

    /// <summary>Whether the pair is as said.</summary>
    public bool Holds(DecoyScene left, DecoyScene right) => Holds(left.Things, right.Things);

    internal bool Holds(IReadOnlyList<Thing> left, IReadOnlyList<Thing> right)
    {
        var (here, there) = OfRight ? (right, left) : (left, right);
        return Form switch
        {
            ClaimForm.Count => What.Count(here) == Number,
            ClaimForm.Compare => What.Count(here) > What.Count(there),
            ClaimForm.Relate => IsRelated(here),
            ClaimForm.Both => What.Count(here) > 0 && What.Count(there) > 0,
            _ => What.Count(here) > 0 || What.Count(there) > 0,
        };
    }

    /// <summary>The claim in words, in one of several ways.</summary>
    public string Say(SeededRandom random)
    {
        var (side, opposite) = OfRight ? ("right", "left") : ("left", "right");
        var (one, many) = (What.ToString(), What.Plural());
        var (verb, counted) = Number == 1 ? ("is", one) : ("are", many);
        return random.Pick<string>(Form switch
        {
            ClaimForm.Count =>
                [$"The {side} image contains exactly {Numbers[Number]} {counted}.",
                    $"There {verb} exactly {Numbers[Number]} {counted} in the {side} image."],
            ClaimForm.Compare =>
                [$"There are more {many} in the {side} image than in the {opposite} image.",
                    $"The {side} image contains more {many} than the {opposite} image.",
                    $"The {opposite} image contains fewer {many} than the {side} image."],
            ClaimForm.Relate =>
                [$"In the {side} image a {one} is {Words(Relation)} a {Other}.",
                    $"The {side} image shows a {one} {Words(Relation)} a {Other}."],
            ClaimForm.Both => ToyClaim.InBoth(one),
            _ => ToyClaim.InEither(one),
        });
    }

    internal static string Words(Relation relation) => relation switch
    {
        Relation.LeftOf => "to the left of",
        Relation.RightOf => "to the right of",
        _ => relation.ToString().ToLowerInvariant(),
    };

    /// <summary>Another claim of the same form; being siblings is as likely in either direction.</summary>
    public DecoyClaim Sibling(SeededRandom random)
    {
        var choice = random.Next(10);
        return Form switch
        {
            ClaimForm.Count when choice < 4 => this with { Number = 1 + ((Number + random.Next(2)) % 3) },
            ClaimForm.Count or ClaimForm.Compare or ClaimForm.Relate when choice is 4 or 5 => this with { OfRight = !OfRight },
            ClaimForm.Compare when choice < 4 => this with { OfRight = !OfRight },
            ClaimForm.Relate when choice < 4 => this with { Relation = (Relation)((int)Relation ^ 1) },
            ClaimForm.Relate => (choice < 8 ? this with { Other = Other.Change(random) }
                : this with { What = What.Change(random) }) is var changed
                && changed.What != changed.Other ? changed : Sibling(random),
            _ => this with { What = What.Change(random) },
        };
    }

    // Of two things in the same words either relation says the same.
    private static ThingWords OtherThan(ThingWords what, SeededRandom random)
    {
        var other = ThingWords.Narrow(what.Kind, random);
        return other == what ? OtherThan(what, random) : other;
    }

    // A thing stands in no relation to itself.
    private bool IsRelated(IReadOnlyList<Thing> things)
    {
        for (var i = 0; i < things.Count; i++)
        {
            for (var j = 0; What.Fits(things[i]) && j < things.Count; j++)
            {
                if (Other.Fits(things[j]) && Stands(things[i].Cell, things[j].Cell))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool Stands(int first, int second)
    {
        const int row = DecoyScene.CellsPerRow;
        return Relation switch
        {
            Relation.LeftOf => first % row < second % row,
            Relation.RightOf => first % row > second % row,
            Relation.Above => first / row < second / row,
            _ => first / row > second / row,
        };
    }
}

/// <summary>What one corpus says of a pair of pictures.</summary>
public sealed record DecoyStatement(DecoyClaim Claim, string Sentence, bool Label);

/// <summary>Two pictures, and what either corpus says of them.</summary>
/// <param name="Set">Which group of four pairs they belong to; in each corpus the group shares its sentence.</param>
/// <param name="Number">Their place in the group, 0 to 3.</param>
/// <param name="Statements">That of corpus A, then that of B.</param>
public sealed record DecoyPair(int Set, int Number, DecoyScene Left, DecoyScene Right, IReadOnlyList<DecoyStatement> Statements)
{
    // Keeps this world's draws apart from all other draws of the same seed.
    internal const ulong FirstSplit = 2_000;

    private const int LooksPerPlace = 400;
    private static readonly ThingKind[] Kinds = Enum.GetValues<ThingKind>();

    /// <summary>The four pairs of one sentence of either corpus; a function of the seed alone.</summary>
    /// <param name="split">A number of its own for each split, so that no split repeats another's scenes.</param>
    public static DecoyPair[] DrawSet(ulong seed, int split, int set)
    {
        var random = new SeededRandom(SeededRandom.SeedFor(seed, FirstSplit + (ulong)split, (ulong)set));
        var claims = Kinds.Select(kind => DecoyClaim.Draw(kind, random)).ToArray();
        var sentences = claims.Select(claim => claim.Say(random)).ToArray();
        var labels = Kinds.Select(_ => ToyPair.Labels(random)).ToArray();
        return [.. Enumerable.Range(0, ToyPair.PerSet).Select(number =>
        {
            var siblings = claims.Select(claim => claim.Sibling(random)).ToArray();
            var (left, right) = DrawScenes(
                [.. Kinds.Select((_, k) => labels[k][number] ? (claims[k], siblings[k]) : (siblings[k], claims[k]))], random);
            return new DecoyPair(
                set, number, left, right,
                [.. Kinds.Select((_, k) => new DecoyStatement(claims[k], sentences[k], labels[k][number]))]);
        })];
    }

    // Two scenes of which for each kind of things one claim holds and another does not.
    private static (DecoyScene Left, DecoyScene Right) DrawScenes(
        (DecoyClaim Holds, DecoyClaim Fails)[] wanted, SeededRandom random)
    {
        for (var attempt = 0; attempt < 100_000; attempt++)
        {
            var (left, right) = (DecoyScene.DrawCells(random), DecoyScene.DrawCells(random));
            var drawn = Kinds.Select(kind => DrawThings(kind, left, right, wanted[(int)kind], random))
                .TakeWhile(things => things is not null).ToArray();
            if (drawn.Length == Kinds.Length)
            {
                return (DecoyScene.Of(drawn.SelectMany(things => things!.Value.Left), random),
                    DecoyScene.Of(drawn.SelectMany(things => things!.Value.Right), random));
            }
        }

        throw new InvalidOperationException($"no scenes found for {string.Join(", ", wanted)}");
    }

    private static (Thing[] Left, Thing[] Right)? DrawThings(
        ThingKind kind, int[][] left, int[][] right, (DecoyClaim Holds, DecoyClaim Fails) wanted, SeededRandom random)
    {
        for (var attempt = 0; attempt < LooksPerPlace; attempt++)
        {
            var (here, there) = (DecoyScene.DrawThings(kind, left[(int)kind], random),
                DecoyScene.DrawThings(kind, right[(int)kind], random));
            if (wanted.Holds.Holds(here, there) && !wanted.Fails.Holds(here, there))
            {
                return (here, there);
            }
        }

        return null;
    }
}
