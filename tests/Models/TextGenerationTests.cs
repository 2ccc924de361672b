using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public class TextGenerationTests
{
    private const int End = 1;
    private const int Words = 7;

    private static readonly GenerationSettings Plain = new() { EndId = End, MaxLength = 6, MinLength = 0 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Greedy_search_takes_the_likeliest_word_each_time(int seed)
    {
        var table = new WordTable(seed, Words);
        var text = Generate(table, Plain with { Beams = 1 }, [2])[0];
        for (var i = 1; i < text.Length; i++)
        {
            var after = table.After(text[..i]);
            Assert.Equal(Array.IndexOf(after, after.Max()), text[i]);
        }
    }

    // So many beams carry every text along, so the best of all is found: here by writing them all down.
    [Theory]
    [InlineData(4, 0)]
    [InlineData(5, 4)]
    [InlineData(6, 0)]
    [InlineData(7, 2)]
    [InlineData(8, 0)]
    public void Beam_search_with_room_for_all_texts_finds_the_best(int seed, int minLength)
    {
        var table = new WordTable(seed, 4);
        var settings = Plain with { Beams = 300, MaxLength = 5, MinLength = minLength };
        var best = All(table, [2], settings).MaxBy(text => text.Score);
        var expected = best.Text.Length < settings.MaxLength ? [.. best.Text, End] : best.Text;
        Assert.Equal(expected, Generate(table, settings, [2])[0][..expected.Length]);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void Images_are_searched_independently(int seed)
    {
        var table = new WordTable(seed, Words);
        var settings = Plain with { Beams = 3, MaxLength = 9 };
        var together = Generate(table, settings, [2], [3], [4]);
        for (var i = 0; i < 3; i++)
        {
            var alone = Generate(table, settings, [i + 2])[0];
            var shared = Math.Min(alone.Length, together[i].Length);
            Assert.Equal(alone[..shared], together[i][..shared]);
            Assert.All(together[i][shared..], id => Assert.Equal(0, id));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_text_does_not_end_before_its_minimum_and_not_after_its_maximum(int beams)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var text = Generate(new WordTable(seed, 4), Plain with { Beams = beams, MinLength = 4, MaxLength = 7 }, [2])[0];
            Assert.InRange(text.Length, 5, 7); // an end that stands at place 4 or later
            Assert.DoesNotContain(End, text[..4]);
        }
    }

    [Fact]
    public void After_its_end_a_text_is_padded()
    {
        var texts = Enumerable.Range(0, 12).Select(seed => Generate(new WordTable(seed, 4), Plain with { Beams = 1, MaxLength = 12, PaddingId = 3 }, [2], [3])).SelectMany(both => both).ToArray();
        var ended = texts.Where(text => Array.IndexOf(text, End) is >= 0 and var end && end < text.Length - 1).ToArray();
        Assert.NotEmpty(ended);
        Assert.All(ended, text => Assert.All(text[(Array.IndexOf(text, End) + 1)..], id => Assert.Equal(3, id)));
    }

    [Theory]
    [InlineData("leaves no room")]
    [InlineData("beams must be")]
    public void Settings_that_make_no_sense_are_refused(string message)
    {
        var settings = message == "beams must be" ? Plain with { Beams = 0 } : Plain with { MaxLength = 1 };
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Generate(new WordTable(1, 4), settings, [2])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AModelWhoseScoresAreNoNumbersStillGivesATextOfItsLength()
    {
        var settings = new GenerationSettings { Beams = 3, MaxLength = 5, MinLength = 1, EndId = End };
        Assert.InRange(Assert.Single(Generate(new WordTable(1, 4, double.NaN), settings, [2])).Length, 1, 5);
    }

    [Fact]
    public void A_search_goes_on_while_a_text_may_take_the_place_of_the_worst_finished_one()
    {
        var finished = new BeamHypotheses(2);
        finished.Add([1, 2], -1);
        finished.Add([3, 4, 5, 6], -8);
        Assert.False(finished.AreFinal(bestGoing: -3, length: 2)); // −1.5 would still take the place of −2
        Assert.True(finished.AreFinal(bestGoing: -4, length: 2));
    }

    [Fact]
    public void Of_equally_good_texts_the_last_is_taken()
    {
        var finished = new BeamHypotheses(3);
        finished.Add([1, 2], -2);
        finished.Add([3, 4], -2);
        finished.Add([5, 6], -8);
        Assert.Equal([3, 4], finished.Best());
    }

    private static long[][] Generate(WordTable table, GenerationSettings settings, params long[][] prompts)
    {
        using var scope = NewDisposeScope();
        var texts = TextGeneration.Generate(table, tensor(prompts.SelectMany(p => p).ToArray(), [prompts.Length, prompts[0].Length]), settings);
        return [.. texts.data<long>().ToArray().Chunk((int)texts.shape[1])];
    }

    // Every text up to the maximum length with its score: those that end before it, and those that are cut off there.
    private static IEnumerable<(long[] Text, double Score)> All(WordTable table, long[] text, GenerationSettings settings, double logProbability = 0)
    {
        if (text.Length == settings.MaxLength)
        {
            yield return (text, logProbability / text.Length);
            yield break;
        }

        for (var word = 0L; word < 4; word++)
        {
            var p = table.LogProbability(text, word);
            if (word != End)
            {
                foreach (var longer in All(table, [.. text, word], settings, logProbability + p))
                    yield return longer;
            }
            else if (text.Length >= settings.MinLength)
            {
                yield return (text, (logProbability + p) / text.Length);
            }
        }
    }
}
