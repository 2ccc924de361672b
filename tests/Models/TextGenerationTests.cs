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
    [InlineData(4, 1, 1, 0)]
    [InlineData(5, 1, 1, 4)]
    [InlineData(6, 0, 1, 0)]
    [InlineData(7, 2, 1, 0)]
    [InlineData(8, 1, 1.6, 0)]
    public void Beam_search_with_room_for_all_texts_finds_the_best(int seed, double lengthPenalty, double repetitionPenalty, int minLength)
    {
        var table = new WordTable(seed, 4);
        var settings = Plain with { Beams = 300, MaxLength = 5, LengthPenalty = lengthPenalty, RepetitionPenalty = repetitionPenalty, MinLength = minLength };
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

    [Fact]
    public void A_repetition_penalty_keeps_words_from_coming_again()
    {
        long Repeats(double penalty) => Enumerable.Range(0, 20).Sum(seed =>
            (long)Generate(new WordTable(seed, Words), Plain with { Beams = 1, MaxLength = 7, MinLength = 7, RepetitionPenalty = penalty }, [2])[0].GroupBy(id => id).Sum(g => g.Count() - 1));
        Assert.True(Repeats(50) * 3 < Repeats(1) * 2, $"{Repeats(50)} repeated words against {Repeats(1)}");
    }

    [Fact]
    public void Early_stopping_ends_with_as_many_finished_texts_as_beams_though_better_ones_go_on()
    {
        var differ = Enumerable.Range(0, 60).Count(seed =>
        {
            var table = new WordTable(seed, Words);
            var settings = Plain with { Beams = 2, MaxLength = 12, LengthPenalty = 2 };
            var patient = Generate(table, settings, [2])[0];
            var early = Generate(table, settings with { EarlyStopping = true }, [2])[0];
            Assert.True(Score(table, patient, 2) >= Score(table, early, 2) - 1e-5);
            return !patient.SequenceEqual(early);
        });
        Assert.True(differ > 0, "no search went on for anything better");
    }

    [Fact]
    public void Sampling_is_repeatable_and_stays_in_the_nucleus()
    {
        var table = new WordTable(5, Words);
        var counts = new int[Words];
        for (var seed = 0; seed < 400; seed++)
        {
            var settings = Plain with { Beams = 1, MaxLength = 2, Sampling = new SamplingSettings { Seed = seed, TopP = 0.8 } };
            var text = Generate(table, settings, [3])[0];
            Assert.Equal(text, Generate(table, settings, [3])[0]);
            counts[text[1]]++;
        }

        var probabilities = Enumerable.Range(0, Words).Select(word => (Word: word, P: Math.Exp(table.LogProbability([3], word)))).OrderByDescending(w => w.P).ToArray();
        var inside = probabilities.Where((_, rank) => probabilities.Take(rank).Sum(w => w.P) <= 0.8).ToArray();
        Assert.InRange(inside.Length, 2, Words - 1);
        Assert.All(probabilities.Except(inside), outside => Assert.Equal(0, counts[outside.Word]));
        Assert.All(inside, word => Assert.InRange(counts[word.Word] / 400.0 * inside.Sum(w => w.P) / word.P, 0.6, 1.5));
    }

    [Fact]
    public void Sampling_from_the_likeliest_word_alone_is_greedy_search()
    {
        var table = new WordTable(6, Words);
        var greedy = Generate(table, Plain with { Beams = 1 }, [2], [3]);
        Assert.Equal(greedy, Generate(table, Plain with { Beams = 1, Sampling = new SamplingSettings { TopK = 1, Seed = 4 } }, [2], [3]));
        Assert.Equal(greedy, Generate(table, Plain with { Beams = 1, Sampling = new SamplingSettings { TopP = 1e-6, Seed = 4 } }, [2], [3]));
    }

    [Theory]
    [InlineData("leaves no room")]
    [InlineData("beams must be")]
    [InlineData("1 beam")]
    [InlineData("penalty must be")]
    [InlineData("0 < p")]
    public void Settings_that_make_no_sense_are_refused(string message)
    {
        var settings = message switch
        {
            "leaves no room" => Plain with { MaxLength = 1 },
            "beams must be" => Plain with { Beams = 0 },
            "1 beam" => Plain with { Sampling = new SamplingSettings() },
            "penalty must be" => Plain with { RepetitionPenalty = 0 },
            _ => Plain with { Beams = 1, Sampling = new SamplingSettings { TopP = 0 } },
        };
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Generate(new WordTable(1, 4), settings, [2])).Message, StringComparison.Ordinal);
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
            yield return (text, logProbability / Math.Pow(text.Length, settings.LengthPenalty));
            yield break;
        }

        for (var word = 0L; word < 4; word++)
        {
            var p = table.LogProbability(text, word);
            p = text.Contains(word) ? p * settings.RepetitionPenalty : p;
            if (word != End)
            {
                foreach (var longer in All(table, [.. text, word], settings, logProbability + p))
                {
                    yield return longer;
                }
            }
            else if (text.Length >= settings.MinLength)
            {
                yield return (text, (logProbability + p) / Math.Pow(text.Length, settings.LengthPenalty));
            }
        }
    }

    private static double Score(WordTable table, long[] text, double lengthPenalty)
    {
        var end = Array.IndexOf(text, End);
        var length = end < 0 ? text.Length : end;
        var sum = Enumerable.Range(1, (end < 0 ? text.Length : end + 1) - 1).Sum(i => table.LogProbability(text[..i], text[i]));
        return sum / Math.Pow(length, lengthPenalty);
    }
}
