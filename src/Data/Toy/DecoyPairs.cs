using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Toy;

/// <summary>Claims of the world with decoys, and pairs of pictures that they are true and false of.</summary>
public sealed class DecoyPairs : PairWorld
{
    internal const ulong First = 2_000;

    private const int LooksPerPlace = 400;

    public override BertWordPiece Tokenizer => DecoyTokens.Tokenizer;

    private protected override ToyWorldSettings Usual => ToyWorldSettings.Decoys;

    private protected override ulong FirstSplit => First;

    private protected override IReadOnlyList<ThingKind> Corpora { get; } = Enum.GetValues<ThingKind>();

    /// <summary>An NLVR2 split with the statements of one corpus drawn into memory: the same as in its files.</summary>
    /// <inheritdoc cref="PairWorld.DrawSplit"/>
    public static NlvrPairs Draw(string split, ThingKind corpus, ToyWorldSettings? settings = null, int? limit = null) =>
        Decoys.Draw(split, (int)corpus, settings, limit);

    /// <summary>30% count, 25% compare, 25% relate, 20% say both or either.</summary>
    internal override Claim DrawClaim(ThingKind kind, SeededRandom random)
    {
        var (share, right) = (random.Next(100), random.Chance(0.5));
        var what = share < 55 ? Broad(kind, random) : Narrow(kind, random);
        return share switch
        {
            < 30 => new(ClaimForm.Count, right, what, 1 + random.Next(3)),
            < 55 => new(ClaimForm.Compare, right, what),
            < 80 => new(ClaimForm.Relate, right, what, Relation: (Relation)random.Next(4), Other: OtherThan(what, random)),
            _ => new(share < 90 ? ClaimForm.Both : ClaimForm.Either, false, what),
        };
    }

    internal override Claim Sibling(Claim claim, SeededRandom random)
    {
        var choice = random.Next(10);
        return claim.Form switch
        {
            ClaimForm.Count when choice < 4 => claim with { Number = 1 + ((claim.Number + random.Next(2)) % 3) },
            ClaimForm.Count or ClaimForm.Compare or ClaimForm.Relate when choice is 4 or 5 =>
                claim with { OfRight = !claim.OfRight },
            ClaimForm.Compare when choice < 4 => claim with { OfRight = !claim.OfRight },
            ClaimForm.Relate when choice < 4 => claim with { Relation = (Relation)((int)claim.Relation ^ 1) },
            ClaimForm.Relate => (choice < 8 ? claim with { Other = Change(claim.Other, random) }
                : claim with { What = Change(claim.What, random) }) is var changed
                && changed.What != changed.Other ? changed : Sibling(claim, random),
            _ => claim with { What = Change(claim.What, random) },
        };
    }

    internal override string KindOf(Claim claim) =>
        claim.Form is ClaimForm.Both or ClaimForm.Either ? "exists" : claim.Form.ToString().ToLowerInvariant();

    private protected override (DrawnScene Left, DrawnScene Right)? TryDrawScenes(
        (Claim Holds, Claim Fails)[] wanted, SeededRandom random)
    {
        var (left, right) = (DecoyScene.DrawCells(random), DecoyScene.DrawCells(random));
        var drawn = Corpora.Select(kind => DrawThings(kind, left, right, wanted[(int)kind], random))
            .TakeWhile(things => things is not null).ToArray();
        return drawn.Length < Corpora.Count ? null : (
            DecoyScene.Of(drawn.SelectMany(things => things!.Value.Left), random),
            DecoyScene.Of(drawn.SelectMany(things => things!.Value.Right), random));
    }

    private static (Thing[] Left, Thing[] Right)? DrawThings(
        ThingKind kind, int[][] left, int[][] right, (Claim Holds, Claim Fails) wanted, SeededRandom random)
    {
        for (var attempt = 0; attempt < LooksPerPlace; attempt++)
        {
            var (here, there) = (DecoyScene.DrawThings(kind, left[(int)kind], random),
                DecoyScene.DrawThings(kind, right[(int)kind], random));
            if (wanted.Holds.Holds(here, there) && !wanted.Fails.Holds(here, there))
                return (here, there);
        }

        return null;
    }

    // Of two things in the same words either relation says the same.
    private static ThingWords OtherThan(ThingWords what, SeededRandom random)
    {
        var other = Narrow(what.Kind, random);
        return other == what ? OtherThan(what, random) : other;
    }

    /// <summary>Words that several things fit: mostly one attribute.</summary>
    internal static ThingWords Broad(ThingKind kind, SeededRandom random) => random.Next(20) switch
    {
        < 7 => new(kind, null, random.Next(6)),
        < 14 => new(kind, random.Next(5), null),
        < 16 => new(kind, random.Next(5), random.Next(6)),
        < 18 => new(kind, null, random.Next(6), random.Chance(0.5)),
        _ => new(kind, random.Next(5), null, random.Chance(0.5)),
    };

    /// <summary>Words that few things fit: two attributes, mostly colour and form.</summary>
    internal static ThingWords Narrow(ThingKind kind, SeededRandom random) => random.Next(10) switch
    {
        < 6 => new(kind, random.Next(5), random.Next(6)),
        < 8 => new(kind, random.Next(5), null, random.Chance(0.5)),
        _ => new(kind, null, random.Next(6), random.Chance(0.5)),
    };

    // The same form of words with one or more of its attributes changed; each way round equally likely.
    private static ThingWords Change(ThingWords words, SeededRandom random)
    {
        const double each = 0.6;
        var changed = words with
        {
            Form = words.Form is { } form && random.Chance(each) ? (form + 1 + random.Next(4)) % 5 : words.Form,
            Color = words.Color is { } color && random.Chance(each) ? (color + 1 + random.Next(5)) % 6 : words.Color,
            IsLarge = words.IsLarge is { } large && random.Chance(each) ? !large : words.IsLarge,
        };
        return changed == words ? Change(words, random) : changed;
    }
}

/// <summary>The pictures of the neutral pretraining, and statements about any two of them: of objects and of glyphs alike. They
/// are none of the splits' pictures.</summary>
/// <param name="held">Whether they are those that the pretraining is watched by.</param>
public sealed class DecoyLessons(ToyWorldSettings settings, int count, bool held = false)
{
    public IReadOnlyList<DecoyScene> Scenes { get; } =
        [.. Enumerable.Range(0, count).Select(i => DecoyScene.Draw(settings.Seed, held ? 4 : 3, i))];

    /// <summary>The statement of a number, with two pictures: of objects or of glyphs, by a throw of a coin; the label is drawn
    /// before the pictures, so that words alone tell nothing.</summary>
    /// <returns>The words, [ENC] first; the pictures' numbers; the label; the counts of what each token names,
    /// <c>[N, 2]</c>.</returns>
    public (int[] Tokens, int Left, int Right, bool Label, sbyte[] Counts, string Kind) Statement(int number)
    {
        var (world, split) = (PairWorld.Decoys, DecoyPairs.First + (held ? 4UL : 3UL));
        var random = new SeededRandom(SeededRandom.SeedFor(settings.Seed, split, ulong.MaxValue, (ulong)number));
        var kind = (ThingKind)random.Next(2);
        while (true)
        {
            var claim = world.DrawClaim(kind, random);
            var sibling = world.Sibling(claim, random);
            var label = random.Chance(0.5);
            var (holds, fails) = label ? (claim, sibling) : (sibling, claim);
            for (var attempt = 0; attempt < 3_000; attempt++)
            {
                var (left, right) = (random.Next(Scenes.Count), random.Next(Scenes.Count));
                if (holds.Holds(Scenes[left], Scenes[right]) && !fails.Holds(Scenes[left], Scenes[right]))
                {
                    var tokens = NlvrPairs.Tokens(world.Tokenizer, claim.Say(random));
                    var counts = Grounding.Of(world.Tokenizer.Tokens(tokens), Scenes[left], Scenes[right]);
                    return (tokens, left, right, label, counts, world.KindOf(claim));
                }
            }
        }
    }
}
