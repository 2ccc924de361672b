using Madtp.Kit.Models;
using Madtp.Kit.Madtp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class FixedRatioRuleTests
{
    [Theory]
    [InlineData(Modality.Text, 0, new long[] { 4, 10 })]
    [InlineData(Modality.Text, 2, new long[] { 8, 20 })]
    [InlineData(Modality.Image, 0, new long[] { 8, 20 })]
    public void A_share_of_each_samples_tokens_is_kept_in_the_chosen_layers_and_modality(Modality modality, int layer, long[] expected)
    {
        using var scope = NewDisposeScope();
        var rule = new FixedRatioRule(new Dictionary<Modality, double> { [Modality.Text] = 0.5 }) { Layers = new HashSet<int> { 0, 1 } };
        Assert.Equal(expected, Kept(rule, [8, 20], layer, modality));
    }

    [Fact]
    public void Part_of_a_token_counts_as_one()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([1, 3], Kept(new FixedRatioRule(new Dictionary<Modality, double> { [Modality.Image] = 0.3 }), [1, 9], 5, Modality.Image));
    }

    private static long[] Kept(FixedRatioRule rule, int[] lengths, int layer, Modality modality) =>
        rule.Decide(new ImportanceScores(zeros(lengths.Length, lengths.Max())), OneBlock.Random(1, lengths, layer, depth: 6, modality)).Counts.data<long>().ToArray();
}
