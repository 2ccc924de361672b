using Madtp.Kit.Data.Toy;
using Xunit;

namespace Madtp.Kit.Tests.Data.Toy;

[Collection(nameof(ToyPairTests))]
public class ToyPairTests
{
    private static readonly DrawnPair[][] Sets = [.. Enumerable.Range(0, 1500).Select(set => PairWorld.Toy.DrawSet(seed: 42, split: 0, set))];

    [Fact]
    public void Each_sentence_is_true_of_two_pairs_and_false_of_two() => Assert.All(Sets, set =>
    {
        Assert.Equal(2, set.Count(p => p.Statements[0].Label));
        Assert.Single(set.Select(p => p.Sentence).Distinct());
        Assert.Equal(4, set.Length);
    });

    [Fact]
    public void All_four_kinds_of_statement_occur()
        => Assert.Equal(
            ["both", "either", "left", "right"],
            Sets.SelectMany(s => s).Select(p => p.Statements[0].Kind).Distinct().Order());

    [Fact]
    public void Labels_agree_with_what_the_scenes_hold()
    {
        // Read from the words, independently of the claim that made them.
        foreach (var pair in Sets.SelectMany(s => s))
        {
            var words = pair.Sentence.ToLowerInvariant().Split(' ', '.');
            var color = Enumerable.Range(0, 5).Cast<int?>().FirstOrDefault(c => words.Contains(ThingWords.Colors[c!.Value]));
            var shape = Enumerable.Range(0, 3).Cast<int?>().FirstOrDefault(s => words.Contains(ThingWords.Forms[0][s!.Value]));
            bool Has(DrawnScene scene) => scene.Things.Any(o => (color is null || o.Color == color) && (shape is null || o.Form == shape));
            var (left, right) = (Has(pair.Left), Has(pair.Right));
            var expected = pair.Statements[0].Kind switch
            {
                "left" => left,
                "right" => right,
                "both" => left && right,
                _ => left || right,
            };
            Assert.True(expected == pair.Statements[0].Label, $"{pair.Sentence} [{string.Join(", ", pair.Left.Things)}] [{string.Join(", ", pair.Right.Things)}]");
        }
    }

    [Theory]
    [InlineData("shapes")]
    [InlineData("difference")]
    [InlineData("shared")]
    [InlineData("colours")]
    public void Pictures_alone_do_not_tell_the_answer(string what)
    {
        double Feature(DrawnPair pair) => what switch
        {
            "shapes" => pair.Left.Things.Count + pair.Right.Things.Count,
            "difference" => Math.Abs(pair.Left.Things.Count - pair.Right.Things.Count),
            "shared" => pair.Left.Things.Intersect(pair.Right.Things).Count(),
            _ => pair.Left.Things.Concat(pair.Right.Things).Select(o => o.Color).Distinct().Count(),
        };
        var yes = Sets.SelectMany(s => s).Where(p => p.Statements[0].Label).Select(Feature).ToArray();
        var no = Sets.SelectMany(s => s).Where(p => !p.Statements[0].Label).Select(Feature).ToArray();
        var spread = Math.Sqrt(yes.Concat(no).Select(v => Math.Pow(v - yes.Concat(no).Average(), 2)).Average());
        Assert.InRange(Math.Abs(yes.Average() - no.Average()), 0, 4 * spread * Math.Sqrt(2.0 / yes.Length));
    }

    [Fact]
    public void Equal_seeds_draw_equal_sets_and_splits_differ()
    {
        string Text(DrawnPair[] set) => string.Join('\n', set.Select(p => $"{p.Sentence} {p.Statements[0].Label} {p.Left.TextureSeed} {string.Join(',', p.Left.Things)}"));
        Assert.Equal(Text(Sets[3]), Text(PairWorld.Toy.DrawSet(42, 0, 3)));
        Assert.NotEqual(Text(Sets[3]), Text(PairWorld.Toy.DrawSet(42, 1, 3)));
        Assert.NotEqual(Text(Sets[3]), Text(PairWorld.Toy.DrawSet(43, 0, 3)));
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
