using Madtp.Kit.Data.Toy;
using Xunit;

namespace Madtp.Kit.Tests.Data.Toy;

[Collection(nameof(ToyPairTests))]
public class ToyPairTests
{
    private static readonly ToyPair[][] Sets = [.. Enumerable.Range(0, 1500).Select(set => ToyPair.DrawSet(seed: 42, split: 0, set))];

    [Fact]
    public void Each_sentence_is_true_of_two_pairs_and_false_of_two() => Assert.All(Sets, set =>
    {
        Assert.Equal(2, set.Count(p => p.Label));
        Assert.Single(set.Select(p => p.Sentence).Distinct());
        Assert.Equal([0, 1, 2, 3], set.Select(p => p.Number));
    });

    [Fact]
    public void All_four_kinds_of_statement_occur()
        => Assert.Equal(
            ["both", "either", "left", "right"],
            Sets.SelectMany(s => s).Select(p => p.Kind).Distinct().Order());

    [Fact]
    public void Labels_agree_with_what_the_scenes_hold()
    {
        // Read from the words, independently of the claim that made them.
        foreach (var pair in Sets.SelectMany(s => s))
        {
            var words = pair.Sentence.ToLowerInvariant().Split(' ', '.');
            var color = Enum.GetValues<ToyColor>().Cast<ToyColor?>().FirstOrDefault(c => words.Contains(ToyWords.Of(c!.Value)));
            var shape = Enum.GetValues<ToyShape>().Cast<ToyShape?>().FirstOrDefault(s => words.Contains(ToyWords.Of(s!.Value)));
            bool Has(ToyScene scene) => scene.Objects.Any(o => (color is null || o.Color == color) && (shape is null || o.Shape == shape));
            var (left, right) = (Has(pair.Left), Has(pair.Right));
            var expected = pair.Kind switch
            {
                "left" => left,
                "right" => right,
                "both" => left && right,
                _ => left || right,
            };
            Assert.True(expected == pair.Label, $"{pair.Sentence} [{string.Join(", ", pair.Left.Objects)}] [{string.Join(", ", pair.Right.Objects)}]");
        }
    }

    [Theory]
    [InlineData("shapes")]
    [InlineData("difference")]
    [InlineData("shared")]
    [InlineData("colours")]
    public void Pictures_alone_do_not_tell_the_answer(string what)
    {
        double Feature(ToyPair pair) => what switch
        {
            "shapes" => pair.Left.Objects.Count + pair.Right.Objects.Count,
            "difference" => Math.Abs(pair.Left.Objects.Count - pair.Right.Objects.Count),
            "shared" => pair.Left.Objects.Select(o => o.Class).Intersect(pair.Right.Objects.Select(o => o.Class)).Count(),
            _ => pair.Left.Objects.Concat(pair.Right.Objects).Select(o => o.Color).Distinct().Count(),
        };
        var yes = Sets.SelectMany(s => s).Where(p => p.Label).Select(Feature).ToArray();
        var no = Sets.SelectMany(s => s).Where(p => !p.Label).Select(Feature).ToArray();
        var spread = Math.Sqrt(yes.Concat(no).Select(v => Math.Pow(v - yes.Concat(no).Average(), 2)).Average());
        Assert.InRange(Math.Abs(yes.Average() - no.Average()), 0, 4 * spread * Math.Sqrt(2.0 / yes.Length));
    }

    [Fact]
    public void Equal_seeds_draw_equal_sets_and_splits_differ()
    {
        string Text(ToyPair[] set) => string.Join('\n', set.Select(p => $"{p.Sentence} {p.Label} {p.Left.TextureSeed} {string.Join(',', p.Left.Objects)}"));
        Assert.Equal(Text(Sets[3]), Text(ToyPair.DrawSet(42, 0, 3)));
        Assert.NotEqual(Text(Sets[3]), Text(ToyPair.DrawSet(42, 1, 3)));
        Assert.NotEqual(Text(Sets[3]), Text(ToyPair.DrawSet(43, 0, 3)));
    }

    [Fact]
    public void Vocabulary_knows_every_word_of_every_statement()
    {
        var known = ToyTokens.Vocabulary.ToHashSet();
        Assert.Equal(known.Count, ToyTokens.Vocabulary.Count);
        var words = Sets.SelectMany(s => s).SelectMany(p => p.Sentence.ToLowerInvariant().Replace(".", " .").Replace(",", " ,").Split(' '));
        Assert.DoesNotContain(words, w => !known.Contains(w));
    }
}
