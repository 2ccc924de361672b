namespace Madtp.Kit.Data.Decoys;

/// <summary>What the world with decoys is made of. Equal settings give equal files, byte for byte.</summary>
/// <param name="TrainPairs">Examples to train on; a multiple of four.</param>
/// <param name="DevPairs">Examples to choose by; a multiple of four.</param>
/// <param name="TestPairs">Examples to report; a multiple of four.</param>
public sealed record DecoySettings(ulong Seed = 1, int TrainPairs = 12_000, int DevPairs = 1_000, int TestPairs = 4_000)
{
    // Keeps this world's draws apart from all other draws of the same seed.
    internal const ulong FirstSplit = 2_000;

    /// <summary>The splits by the names NLVR2 gives them, each with its number of pairs.</summary>
    internal IReadOnlyList<(string Split, int Number, int Pairs)> Splits =>
        [("train", 0, TrainPairs), ("dev", 1, DevPairs), ("test1", 2, TestPairs)];

    /// <summary>The usual proportions for another number of training pairs.</summary>
    /// <exception cref="ArgumentException">The number is not a positive multiple of four.</exception>
    public static DecoySettings Scaled(ulong seed, int trainPairs) => trainPairs > 0 && trainPairs % DecoyPair.PerSet == 0
        ? new(seed, trainPairs, Held(trainPairs, 12), Held(trainPairs, 3))
        : throw new ArgumentException(
            $"{trainPairs} pairs: give a positive multiple of {DecoyPair.PerSet} (a sentence comes with so many pairs)",
            nameof(trainPairs));

    /// <summary>A split by its name.</summary>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    internal (string Split, int Number, int Pairs) Split(string name) =>
        Splits.FirstOrDefault(split => split.Split == name) is { Pairs: > 0 } found
        ? found
        : throw new ArgumentException($"the world with decoys has no split '{name}'; it has train, dev, test1", nameof(name));

    private static int Held(int pairs, int share) =>
        Math.Max(DecoyPair.PerSet, pairs / share / DecoyPair.PerSet * DecoyPair.PerSet);
}

/// <summary>NLVR2 splits of the world with decoys, drawn into memory: the same pairs and pixels as in its files.</summary>
public static class DecoyPairs
{
    /// <summary>The pairs of a split.</summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="limit">Draws the first pairs only (rounded up to whole sets of four).</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public static DecoyPair[] DrawSplit(string split, DecoySettings settings, int? limit = null)
    {
        var (_, number, pairs) = settings.Split(split);
        var sets = (Math.Min(limit ?? pairs, pairs) + DecoyPair.PerSet - 1) / DecoyPair.PerSet;
        var drawn = new DecoyPair[sets * DecoyPair.PerSet];
        Parallel.For(0, sets, set => DecoyPair.DrawSet(settings.Seed, number, set).CopyTo(drawn, set * DecoyPair.PerSet));
        return drawn;
    }

    /// <summary>A split with the statements of one corpus.</summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="settings">The world; the usual one if null.</param>
    /// <param name="limit">Draws the first pairs only (rounded up to whole sets of four).</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public static NlvrPairs Draw(string split, ThingKind corpus, DecoySettings? settings = null, int? limit = null)
    {
        var drawn = DrawSplit(split, settings ?? new DecoySettings(), limit);
        var said = drawn.Select(pair => pair.Statements[(int)corpus]).ToArray();
        var (pixels, patches) = Paint([.. drawn.SelectMany(pair => new[] { pair.Left, pair.Right })]);
        int[][] tokens = [.. said.Select(statement => NlvrPairs.Tokens(DecoyTokens.Tokenizer, statement.Sentence))];
        return new NlvrPairs(
            pixels,
            DecoyScene.Size,
            tokens,
            [.. said.Select(statement => statement.Label)],
            [.. said.Select(statement => statement.Claim.Kind)],
            patches,
            [.. drawn.Select((pair, i) => DecoyGrounding.Of(tokens[i], pair.Left, pair.Right))],
            DecoyTokens.Tokenizer.PaddingId);
    }

    /// <summary>The pixels of scenes, <c>[I, H, W, 3]</c>, and what each patch of them shows, <c>[I, patches]</c>.</summary>
    internal static (byte[] Pixels, byte[] Patches) Paint(IReadOnlyList<DecoyScene> scenes)
    {
        const int bytes = DecoyScene.Size * DecoyScene.Size * 3;
        var pixels = new byte[(long)scenes.Count * bytes];
        var patches = new byte[scenes.Count * DecoyScene.Patches];
        Parallel.For(0, scenes.Count, i =>
            DecoyRenderer.Draw(scenes[i], pixels.AsSpan(i * bytes, bytes),
                patches.AsSpan(i * DecoyScene.Patches, DecoyScene.Patches)));
        return (pixels, patches);
    }
}

/// <summary>The pictures of the neutral pretraining, and statements about any two of them: of objects and of glyphs alike. They
/// are none of the splits' pictures.</summary>
/// <param name="held">Whether they are those that the pretraining is watched by.</param>
public sealed class DecoyLessons(DecoySettings settings, int count, bool held = false)
{
    private readonly ulong split = DecoySettings.FirstSplit + (held ? 4UL : 3UL);

    /// <summary>The pictures.</summary>
    public IReadOnlyList<DecoyScene> Scenes { get; } = [.. Enumerable.Range(0, count).Select(i =>
        DecoyScene.Draw(new SeededRandom(
            SeededRandom.SeedFor(settings.Seed, DecoySettings.FirstSplit + (held ? 4UL : 3UL), (ulong)i))))];

    /// <summary>The statement of a number, with two pictures: of objects or of glyphs, by a throw of a coin; the label is drawn
    /// before the pictures, so that words alone tell nothing.</summary>
    /// <returns>The words, [ENC] first; the pictures' numbers; the label; the counts of what each token names,
    /// <c>[N, 2]</c>.</returns>
    public (int[] Tokens, int Left, int Right, bool Label, sbyte[] Counts, string Kind) Statement(int number)
    {
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
                    return (tokens, left, right, label, DecoyGrounding.Of(tokens, Scenes[left], Scenes[right]), claim.Kind);
                }
            }
        }
    }
}
