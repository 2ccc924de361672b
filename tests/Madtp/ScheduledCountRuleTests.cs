using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Models;
using Madtp.Kit.Madtp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class ScheduledCountRuleTests
{
    [Fact]
    public void Counts_follow_the_exact_line_rounded_once()
    {
        var cases = from entered in Gen.Choose(1, 40)
                    from depth in Gen.Choose(1, 12)
                    from ratio in Gen.Choose(5, 100)
                    from sameShare in Gen.Elements(true, false)
                    select (entered, depth, ratio: ratio / 100.0, sameShare);
        Prop.ForAll(cases.ToArbitrary(), one =>
        {
            using var scope = NewDisposeScope();
            var rule = ScheduledCountRule.Of(one.ratio, one.ratio, one.sameShare);
            for (var layer = 0; layer < one.depth; layer++)
            {
                var exact = (double)one.entered;
                for (var l = 0; l <= layer; l++)
                    exact = one.sameShare ? exact * one.ratio : Math.Max(0, exact - (one.entered * (1 - one.ratio)));

                var count = rule.Decide(new ImportanceScores(zeros(1, one.entered)), OneBlock.Random(1, [one.entered], layer, one.depth)).Counts.item<long>();
                Assert.True(Math.Abs(count - exact) <= 0.5 + 1e-9, $"{count} for {exact}");
            }

            return true;
        }).Check(OneBlock.Cases);
    }

    [Theory]
    [InlineData(12, 3, new[] { 3, 6, 9 })]
    [InlineData(3, 3, new[] { 0, 1, 2 })]
    [InlineData(24, 3, new[] { 6, 12, 18 })]
    [InlineData(12, 1, new[] { 6 })]
    public void Stages_are_spread_evenly(int depth, int stages, int[] expected)
    {
        using var scope = NewDisposeScope();
        var rule = ScheduledCountRule.Of(0.5, 0.5, sameShare: true) with { Stages = stages };
        for (var layer = 0; layer < depth; layer++)
        {
            var count = rule.Decide(new ImportanceScores(zeros(1, 32)), OneBlock.Random(1, [32], layer, depth)).Counts.item<long>();
            Assert.Equal(expected.Contains(layer) ? 32 >> (Array.IndexOf(expected, layer) + 1) : 32, count);
        }
    }

    [Fact]
    public void Every_sample_and_modality_has_its_own_count()
    {
        using var scope = NewDisposeScope();
        var rule = ScheduledCountRule.Of(0.75, 0.5);
        Assert.Equal([4, 10], rule.Decide(new ImportanceScores(zeros(2, 20)), OneBlock.Random(1, [8, 20])).Counts.data<long>().ToArray());
        Assert.Equal([6, 15], rule.Decide(new ImportanceScores(zeros(2, 20)), OneBlock.Random(1, [8, 20], modality: Modality.Image)).Counts.data<long>().ToArray());
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-0.5)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void A_ratio_that_cannot_be_is_refused(double ratio)
    {
        Assert.Contains("keep ratio", Assert.Throws<ArgumentException>(() => StaticPruning.Policy(ratio)).Message, StringComparison.Ordinal);
        Assert.Contains("keep ratio", Assert.Throws<ArgumentException>(() => Evit.Policy(0.5, ratio)).Message, StringComparison.Ordinal);
    }
}
