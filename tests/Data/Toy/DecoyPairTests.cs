using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
using Xunit;

namespace Madtp.Kit.Tests.Data.Toy;

public class DecoyPairTests
{
    private static readonly DrawnPair[] Pairs = PairWorld.Decoys.DrawSplit("test1", limit: 800);

    [Theory]
    [InlineData(ThingKind.Object)]
    [InlineData(ThingKind.Glyph)]
    public void A_label_is_the_truth_and_each_sentence_is_true_of_half_its_pairs(ThingKind corpus)
    {
        Assert.All(Pairs, pair => Assert.Equal(pair.Statements[(int)corpus].Label, pair.Statements[(int)corpus].Claim.Holds(pair.Left, pair.Right)));
        Assert.All(Pairs.Chunk(4), set =>
        {
            Assert.Single(set.Select(pair => pair.Statements[(int)corpus].Sentence).Distinct());
            Assert.Equal(2, set.Count(pair => pair.Statements[(int)corpus].Label));
        });
    }

    [Fact]
    public void A_speaks_of_objects_alone_and_B_of_glyphs_alone()
    {
        string[] objects = [.. ThingWords.Forms[0], ThingWords.Nouns[0]], glyphs = [.. ThingWords.Forms[1], ThingWords.Nouns[1]];
        Assert.All(Pairs, pair =>
        {
            Assert.DoesNotContain(glyphs, word => pair.Statements[0].Sentence.Contains(word, StringComparison.Ordinal));
            Assert.Contains(objects, word => pair.Statements[0].Sentence.Contains(word, StringComparison.Ordinal));
            Assert.DoesNotContain(objects, word => pair.Statements[1].Sentence.Contains(word, StringComparison.Ordinal));
        });
        Assert.Equal(0.5, Pairs.Average(pair => pair.Statements[0].Label == pair.Statements[1].Label ? 1.0 : 0), 0.06);
    }

    [Fact]
    public void Siblings_are_as_likely_in_either_direction()
    {
        // What a claim is and what its sibling is have the same distribution: here by form, number and relation.
        var drawn = Enumerable.Range(0, 20_000).Select(i =>
        {
            var random = new SeededRandom(SeededRandom.SeedFor(7, (ulong)i));
            var claim = PairWorld.Decoys.DrawClaim(ThingKind.Object, random);
            return (Claim: claim, Sibling: PairWorld.Decoys.Sibling(claim, random));
        }).ToArray();
        Assert.DoesNotContain(drawn, pair => pair.Claim == pair.Sibling);
        static string Sort(Claim claim) => $"{claim.Form} {claim.Number} {claim.Relation} {claim.OfRight}";
        var (claims, siblings) = (drawn.CountBy(pair => Sort(pair.Claim)).ToDictionary(), drawn.CountBy(pair => Sort(pair.Sibling)).ToDictionary());
        Assert.All(claims, sort => Assert.True(Math.Abs(sort.Value - siblings[sort.Key]) < 5 * Math.Sqrt(sort.Value), sort.Key));
    }

    [Fact]
    public void Every_scene_has_its_things_in_cells_of_their_own()
    {
        Assert.All(Pairs.SelectMany(pair => new[] { pair.Left, pair.Right }), scene =>
        {
            Assert.Equal(scene.Things.Count, scene.Things.Select(thing => thing.Cell).Distinct().Count());
            Assert.InRange(scene.Things.Count(thing => thing.Kind == ThingKind.Object), 4, 9);
            Assert.InRange(scene.Things.Count(thing => thing.Kind == ThingKind.Glyph), 6, 7);
        });
    }

    [Fact]
    public void Glyphs_cover_30_to_40_percent_of_the_picture_and_objects_a_fifth_of_its_patches()
    {
        var classes = Pairs.Take(200).SelectMany(pair => ToyRenderer.PatchClasses(pair.Left)).ToArray();
        double Share(ThingKind kind) => classes.Count(shown => Thing.KindOf(shown) == kind) / (double)classes.Length;
        Assert.Equal(0.40, Share(ThingKind.Glyph), 0.02);
        Assert.Equal(0.21, Share(ThingKind.Object), 0.03);
        var area = Pairs.Average(pair => pair.Left.Things.Where(thing => thing.Kind == ThingKind.Glyph).Sum(thing => thing.IsLarge ? 24 * 24 : 19 * 19))
            / (DecoyScene.Size * DecoyScene.Size);
        Assert.InRange(area, 0.30, 0.40);
    }

    [Fact]
    public void Splits_repeat_no_scene()
    {
        var train = PairWorld.Decoys.DrawSplit("train", limit: 400);
        Assert.Empty(train.Select(pair => pair.Left.TextureSeed).Intersect(Pairs.Select(pair => pair.Left.TextureSeed)));
        Assert.Throws<ArgumentException>(() => PairWorld.Decoys.DrawSplit("test"));
        Assert.Throws<ArgumentException>(() => ToyWorldSettings.Scaled(1, 6));
    }

    [Fact]
    public void Every_word_is_known_and_counted_where_it_names_something()
    {
        var tokens = Pairs.Select(pair => NlvrPairs.Tokens(DecoyTokens.Tokenizer, pair.Statements[1].Sentence).Select(DecoyTokens.Tokenizer.TokenOf).ToArray()).ToArray();
        Assert.DoesNotContain(tokens, words => words.Contains("[UNK]"));
        for (var i = 0; i < Pairs.Length; i++)
        {
            var (claim, counts) = (Pairs[i].Statements[1].Claim, Grounding.Of(tokens[i], Pairs[i].Left, Pairs[i].Right));
            var noun = Array.FindLastIndex(tokens[i], word => counts[2 * Array.IndexOf(tokens[i], word)] != DataSplit.Unnamed);
            var named = claim.Form == ClaimForm.Relate ? claim.Other : claim.What;
            Assert.Equal(Math.Min(Grounding.Most, Pairs[i].Left.Count(named)), counts[2 * noun]);
            Assert.Equal(Math.Min(Grounding.Most, Pairs[i].Right.Count(named)), counts[(2 * noun) + 1]);
            Assert.Equal(DataSplit.Unnamed, counts[0]);
        }
    }

    [Fact]
    public void Lessons_speak_of_objects_and_glyphs_alike_and_never_by_words_alone()
    {
        var lessons = new DecoyLessons(ToyWorldSettings.Decoys, 400);
        var said = Enumerable.Range(0, 1_000).Select(lessons.Statement).ToArray();
        Assert.Equal(0.5, said.Average(one => one.Label ? 1.0 : 0), 0.06);
        int[] ofGlyphs = [.. ThingWords.Forms[1].Append("glyph").SelectMany(word => new[] { word, ThingWords.Plural(word) })
            .SelectMany(word => DecoyTokens.Tokenizer.Encode(word))];
        Assert.Equal(0.5, said.Average(one => one.Tokens.Intersect(ofGlyphs).Any() ? 1.0 : 0), 0.06);
    }
}
