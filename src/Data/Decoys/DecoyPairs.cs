using Madtp.Kit.Data.Toy;

namespace Madtp.Kit.Data.Decoys;

/// <summary>NLVR2 splits of the world with decoys, drawn into memory: the same pairs and pixels as in its files.</summary>
public static class DecoyPairs
{
    /// <summary>The pairs of a split.</summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="limit">Draws the first pairs only (rounded up to whole sets of four).</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public static DecoyPair[] DrawSplit(string split, ToyWorldSettings settings, int? limit = null) =>
        settings.Draw(split, limit, DecoyPair.DrawSet);

    /// <summary>A split with the statements of one corpus.</summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="settings">The world; <see cref="ToyWorldSettings.Decoys"/> if null.</param>
    /// <param name="limit">Draws the first pairs only (rounded up to whole sets of four).</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public static NlvrPairs Draw(string split, ThingKind corpus, ToyWorldSettings? settings = null, int? limit = null)
    {
        var drawn = DrawSplit(split, settings ?? ToyWorldSettings.Decoys, limit);
        return ToyNlvr2Pairs.Of(
            [.. Said(drawn, corpus)],
            [.. drawn.SelectMany(pair => new[] { pair.Left, pair.Right })],
            DecoyTokens.Tokenizer,
            (pair, tokens) => DecoyGrounding.Of(tokens, drawn[pair].Left, drawn[pair].Right));
    }

    /// <summary>What a corpus says of pairs.</summary>
    internal static IEnumerable<(string Sentence, bool Label, string Kind)> Said(DecoyPair[] pairs, ThingKind corpus) =>
        pairs.Select(pair => pair.Statements[(int)corpus]).Select(said => (said.Sentence, said.Label, said.Claim.Kind));
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
        var split = DecoyPair.FirstSplit + (held ? 4UL : 3UL);
        var random = new SeededRandom(SeededRandom.SeedFor(settings.Seed, split, ulong.MaxValue, (ulong)number));
        var kind = (ThingKind)random.Next(2);
        while (true)
        {
            var claim = DecoyClaim.Draw(kind, random);
            var sibling = claim.Sibling(random);
            var label = random.Chance(0.5);
            var (holds, fails) = label ? (claim, sibling) : (sibling, claim);
            for (var attempt = 0; attempt < 3_000; attempt++)
            {
                var (left, right) = (random.Next(Scenes.Count), random.Next(Scenes.Count));
                if (holds.Holds(Scenes[left], Scenes[right]) && !fails.Holds(Scenes[left], Scenes[right]))
                {
                    var tokens = NlvrPairs.Tokens(DecoyTokens.Tokenizer, claim.Say(random));
                    var counts = DecoyGrounding.Of(DecoyTokens.Tokenizer.Tokens(tokens), Scenes[left], Scenes[right]);
                    return (tokens, left, right, label, counts, claim.Kind);
                }
            }
        }
    }
}
