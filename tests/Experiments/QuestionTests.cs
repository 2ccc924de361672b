using Madtp.Kit.Data.Toy;
using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

/// <summary>The rule of data/toy/QUESTIONS.md, on made-up results.</summary>
public sealed class QuestionTests
{
    private static readonly Question Counts = Question.All[1];

    [Theory]
    [InlineData(0.05, 0.002, 0.5, Verdict.Seen)]
    [InlineData(0.05, 0.100, 0.5, Verdict.Undecided)]
    [InlineData(0.00, 0.001, 0.5, Verdict.Refuted)] // equivalent within the margin
    [InlineData(-0.05, 0.002, 0.5, Verdict.Refuted)] // the other way
    [InlineData(0.008, 0.0001, 0.5, Verdict.Refuted)] // clear, but below the margin
    [InlineData(0.05, 0.002, 0.52, Verdict.UnequalCost)]
    public void TheRuleDecides(double difference, double noise, double theirShare, Verdict expected)
    {
        ExperimentResult[] results =
        [
            .. Enumerable.Range(1, 5).SelectMany(seed => new[]
            {
                Result("MADTP", seed, 0.8 + difference + (noise * (seed - 3)), 0.5),
                Result("one count for all", seed, 0.8, theirShare),
            }),
        ];
        var comparison = Question.Compare(results).Single(one => one is { Part.Name: "2", Ratio: 0.5, Against: "one count for all" });
        Assert.Equal(5, comparison.Difference!.Count);
        Assert.Equal(difference, comparison.Difference.Mean, 1e-9);
        Assert.Equal(noise * Math.Sqrt(2.5) / Math.Sqrt(5), comparison.StandardError, 1e-9);
        Assert.Equal(expected, comparison.Verdict);
    }

    [Fact]
    public void SelectivityIsTheCorporasDifference()
    {
        ExperimentResult Of(string arm, ThingKind corpus, long seed, double objects, double glyphs) =>
            new(Question.All[0].Experiment(corpus, arm, 0.7, seed))
            {
                Test = 0.8, Dev = 0.8, Macs = 30, DenseMacs = 100, Libtorch = "", Command = "", Code = "", Data = "", Date = "",
                Scores = new Dictionary<string, double> { ["kept objects"] = objects, ["kept glyphs"] = glyphs },
            };
        ExperimentResult[] results =
        [
            .. new long[] { 1, 2 }.SelectMany(seed => new[]
            {
                Of("MADTP", ThingKind.Object, seed, 0.7, 0.3), Of("MADTP", ThingKind.Glyph, seed, 0.4, 0.5),
                Of("frozen guidance", ThingKind.Object, seed, 0.5, 0.4), Of("frozen guidance", ThingKind.Glyph, seed, 0.5, 0.4),
            }),
        ];
        var comparison = Question.Compare(results).Single(one => one is { Part.Name: "1a", Ratio: 0.7, Against: "frozen guidance" });
        Assert.Equal(0.4 - -0.1 - 0, comparison.Difference!.Mean, 1e-9);
        Assert.Equal(Verdict.Seen, comparison.Verdict);
    }

    [Fact]
    public void MoreLearnableTokensAreAskedOfArmsWithGuidanceAlone()
    {
        var question = Question.All.Single(question => question.Name == "question1-k48");
        foreach (var one in question.Grid.Experiments)
        {
            Assert.Equal(one.Method == "w/o MAG" ? 24 : 48, one.LearnableTokens);
            Assert.Equal(0.5, one.ReduceRatio);
        }

        Assert.Equal(40, question.Grid.Experiments.Count); // 2 corpora, 4 arms, 5 seeds
        Assert.Empty(question.Parts.Select(part => part.Name).Intersect(Question.All[0].Parts.Select(part => part.Name)));
    }

    [Fact]
    public void TheLongerTuningIsAskedOfArmsWithGuidance()
    {
        var question = Question.All.Single(question => question.Name == "question1-long");
        Assert.Equal(18, question.Grid.Experiments.Count); // 2 corpora, 3 arms, 3 seeds
        Assert.All(question.Grid.Experiments,
            one => Assert.Equal((12000, 0.7, 24), (one.TrainExamples, one.ReduceRatio, one.LearnableTokens)));
        Assert.DoesNotContain(question.Grid.Experiments, one => one.Method == "w/o MAG");
    }

    [Fact]
    public void OneSeedSaysNothing()
    {
        var comparison = Question.Compare([Result("MADTP", 1, 0.9, 0.5), Result("counts permuted", 1, 0.8, 0.5)])
            .Single(one => one is { Part.Name: "2", Ratio: 0.5, Against: "counts permuted" });
        Assert.Null(comparison.Verdict);
        Assert.Contains("not run yet", comparison.ToString(), StringComparison.Ordinal);
    }

    private static ExperimentResult Result(string arm, long seed, double test, double share) =>
        new(Counts.Experiment(ThingKind.Object, arm, 0.5, seed))
        {
            Test = test, Dev = test, Macs = 100 * share, DenseMacs = 100, Libtorch = "", Command = "", Code = "", Data = "", Date = "",
        };
}
