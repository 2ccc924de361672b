using Madtp.Kit.Data.Nlvr2;
using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Toy;

/// <summary>
/// How many of the things a statement names are in the left and in the right picture: the truth behind every colour and shape
/// word. A help in training; answers alone, each a single bit that neither the words nor the pictures give away, teach very slowly.
/// </summary>
public static class ToyGrounding
{
    private static readonly Dictionary<string, ToyColor> Colors = Enum.GetValues<ToyColor>().ToDictionary(ToyWords.Of);

    private static readonly Dictionary<string, ToyShape?> Nouns = Enum.GetValues<ToyShape>()
        .Select(shape => (Word: ToyWords.Of(shape), Shape: (ToyShape?)shape)).Append((Word: "shape", Shape: null))
        .SelectMany(noun => new[] { noun, noun with { Word = noun.Word + "s" } })
        .ToDictionary(noun => noun.Word, noun => noun.Shape);

    /// <summary>
    /// For every token of a statement two numbers, left and right: how many of what it names are there, or
    /// <see cref="NlvrPairs.Unnamed"/> for tokens that name nothing. A colour and a shape side by side name one kind of thing;
    /// the word "shape" alone names all of them.
    /// </summary>
    /// <param name="tokens">The statement's tokens.</param>
    /// <param name="left">The left picture.</param>
    /// <param name="right">The right picture.</param>
    /// <returns><c>[N, 2]</c></returns>
    public static sbyte[] Of(IReadOnlyList<string> tokens, ToyScene left, ToyScene right)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        var counts = new sbyte[tokens.Count * 2];
        Array.Fill(counts, NlvrPairs.Unnamed);
        for (var i = 0; i < tokens.Count; i++)
        {
            ToyColor? color = Colors.TryGetValue(tokens[i], out var named) ? named : null;
            var noun = color is null ? i : i + 1;
            ToyShape? shape = null;
            var hasNoun = noun < tokens.Count && Nouns.TryGetValue(tokens[noun], out shape);
            if (color is null && !hasNoun)
            {
                continue;
            }

            var kind = new ToyDescription(color, shape);
            var last = hasNoun ? noun : i;
            for (; i <= last; i++)
            {
                (counts[2 * i], counts[(2 * i) + 1]) = ((sbyte)left.Count(kind), (sbyte)right.Count(kind));
            }

            i = last;
        }

        return counts;
    }

    /// <summary>The same for token ids.</summary>
    internal static sbyte[] Of(BertWordPiece tokenizer, int[] ids, ToyPair pair) => Of([.. ids.Select(tokenizer.TokenOf)], pair.Left, pair.Right);
}
