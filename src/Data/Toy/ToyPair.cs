
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
