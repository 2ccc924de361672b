using Madtp.Kit.Text;

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
        const int set = PairWorld.PerSet;
        Guard.Argument(trainPairs > 0 && trainPairs % set == 0,
            $"{trainPairs} pairs: give a positive multiple of {set} (a sentence comes with {set} pairs)", nameof(trainPairs));
        int Held(int share) => Math.Max(set, trainPairs / share / set * set);
        return new ToyWorldSettings(seed, trainPairs, Held(12), Held(testShare));
    }
}

/// <summary>What one corpus says of a pair of pictures.</summary>
/// <param name="Kind">The claim's kind in one word, by which scores are split.</param>
public sealed record Statement(Claim Claim, string Sentence, bool Label, string Kind);

/// <summary>Two pictures, and what each corpus says of them. Four in a row share their sentences, each of which is true of two
/// and false of two.</summary>
/// <param name="Statements">The toy world's one; with decoys that of corpus A, then that of B.</param>
public sealed record DrawnPair(DrawnScene Left, DrawnScene Right, IReadOnlyList<Statement> Statements)
{
    /// <summary>What the first corpus says.</summary>
    public string Sentence => Statements[0].Sentence;
}

/// <summary>A drawn world's pairs of pictures in NLVR2's splits. For each set of four and each corpus a claim is drawn, and for
/// each pair a sibling of the claim that differs in one respect; the pictures are such that exactly one of the two holds, and
/// either is the one that is said equally often: so neither the words alone nor the pictures alone tell the answer.</summary>
public abstract class PairWorld
{
    /// <summary>Pairs that share a sentence.</summary>
    public const int PerSet = 4;

    /// <summary>Coloured shapes, of which there is one corpus.</summary>
    public static PairWorld Toy { get; } = new ToyPairs();

    /// <summary>Objects and glyphs, each with a corpus of its own.</summary>
    public static PairWorld Decoys { get; } = new DecoyPairs();

    /// <summary>The vocabulary of all corpora, with BLIP's two tokens.</summary>
    public abstract BertWordPiece Tokenizer { get; }

    /// <summary>The vocabulary file's text, one token a line; [DEC] and [ENC] come after the last.</summary>
    public string VocabularyFile =>
        string.Concat(Enumerable.Range(0, Tokenizer.VocabularySize - 2).Select(id => Tokenizer.TokenOf(id) + "\n"));

    private protected abstract ToyWorldSettings Usual { get; }

    // Keeps this world's draws apart from all other draws of the same seed.
    private protected abstract ulong FirstSplit { get; }

    // What the corpora speak of, one each.
    private protected abstract IReadOnlyList<ThingKind> Corpora { get; }

    /// <summary>A random claim about things of a kind.</summary>
    internal abstract Claim DrawClaim(ThingKind kind, SeededRandom random);

    /// <summary>Another claim of the same form; being siblings is as likely in either direction.</summary>
    internal abstract Claim Sibling(Claim claim, SeededRandom random);

    /// <summary>A claim's kind in one word.</summary>
    internal abstract string KindOf(Claim claim);

    // Two scenes of which for each corpus one claim holds and another does not; null where these are none.
    private protected abstract (DrawnScene Left, DrawnScene Right)? TryDrawScenes(
        (Claim Holds, Claim Fails)[] wanted, SeededRandom random);

    /// <summary>The pairs of a split, or its first ones (rounded up to whole sets), on several threads.</summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="settings">The world's usual ones if null.</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public DrawnPair[] DrawSplit(string split, ToyWorldSettings? settings = null, int? limit = null)
    {
        settings ??= Usual;
        var (number, pairs) = NumberOf(split, settings);
        var sets = new DrawnPair[(Math.Min(limit ?? pairs, pairs) + PerSet - 1) / PerSet][];
        Parallel.For(0, sets.Length, set => sets[set] = DrawSet(settings.Seed, number, set));
        return [.. sets.SelectMany(set => set)];
    }

    /// <summary>One example of a split of the usual world, from 0.</summary>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public DrawnPair Pair(string split, int example) =>
        DrawSet(Usual.Seed, NumberOf(split, Usual).Number, example / PerSet)[example % PerSet];

    /// <summary>A split with the statements of one corpus drawn into memory: the same pairs and pixels as in its files.</summary>
    /// <inheritdoc cref="DrawSplit"/>
    internal NlvrPairs Draw(string split, int corpus, ToyWorldSettings? settings, int? limit)
    {
        var drawn = DrawSplit(split, settings, limit);
        Statement[] said = [.. drawn.Select(pair => pair.Statements[corpus])];
        var (pixels, patches) = ToyRenderer.Paint([.. drawn.SelectMany(pair => new[] { pair.Left, pair.Right })]);
        int[][] tokens = [.. said.Select(one => NlvrPairs.Tokens(Tokenizer, one.Sentence))];
        return new NlvrPairs(
            pixels, drawn[0].Left.Side, tokens, [.. said.Select(one => one.Label)], [.. said.Select(one => one.Kind)], patches,
            [.. tokens.Zip(drawn, (ids, pair) => Grounding.Of(Tokenizer.Tokens(ids), pair.Left, pair.Right))],
            Tokenizer.PaddingId);
    }

    /// <summary>The four pairs of one sentence of each corpus; a function of the seed alone.</summary>
    /// <param name="split">A number of its own for each split, so that no split repeats another's scenes.</param>
    internal DrawnPair[] DrawSet(ulong seed, int split, int set)
    {
        var random = new SeededRandom(SeededRandom.SeedFor(seed, FirstSplit + (ulong)split, (ulong)set));
        Claim[] claims = [.. Corpora.Select(kind => DrawClaim(kind, random))];
        string[] sentences = [.. claims.Select(claim => claim.Say(random))];
        bool[][] labels = [.. claims.Select(_ => new[] { true, false, true, false })];
        Array.ForEach(labels, corpus => random.Shuffle(corpus.AsSpan()));
        return [.. Enumerable.Range(0, PerSet).Select(number =>
        {
            Claim[] siblings = [.. claims.Select(claim => Sibling(claim, random))];
            var (left, right) = DrawScenes(
                [.. claims.Zip(siblings, labels).Select(of => of.Third[number] ? (of.First, of.Second) : (of.Second, of.First))],
                random);
            return new DrawnPair(left, right,
                [.. claims.Select((claim, k) => new Statement(claim, sentences[k], labels[k][number], KindOf(claim)))]);
        })];
    }

    private (DrawnScene Left, DrawnScene Right) DrawScenes((Claim Holds, Claim Fails)[] wanted, SeededRandom random)
    {
        for (var attempt = 0; attempt < 100_000; attempt++)
        {
            if (TryDrawScenes(wanted, random) is { } scenes)
                return scenes;
        }

        throw new InvalidOperationException($"no scenes found for {string.Join(", ", wanted)}");
    }

    private static (int Number, int Pairs) NumberOf(string split, ToyWorldSettings settings) =>
        settings.Splits.FirstOrDefault(one => one.Split == split) is { Pairs: > 0 } found ? (found.Number, found.Pairs)
        : throw new ArgumentException($"the toy world has no split '{split}'; it has train, dev, test1", nameof(split));
}
