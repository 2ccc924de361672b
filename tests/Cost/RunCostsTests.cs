using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Cost;

public class RunCostsTests
{
    public static TheoryData<string> Policies { get; } = [.. All.Select(policy => policy.Name)];

    private static IEnumerable<ReductionPolicy> All => ReleasedDefects.InPolicies.Select(defect => defect.Policy!).Append(ReductionPolicy.Released).Append(ReductionPolicy.Fixed);

    /// <summary>A policy that takes padding for tokens pays for the padding; one that does not, pays for the words.</summary>
    [Theory]
    [MemberData(nameof(Policies))]
    public void Padding_costs_where_it_is_taken_for_tokens(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        using var model = TinyModels.Nlvr();
        model.eval();
        var policy = All.Single(policy => policy.Name == name);
        int[] lengths = [12, 5, 8, 3];
        var (images, ids, mask) = TinyModels.Batch(5, lengths);
        using var reduction = TokenReduction.Attach(model, policy, policy.Keep is LearnableThresholdRule { Softmax: true } ? 0.01 : 3);
        using var trace = reduction.Record();
        model.Forward(images, ids, mask);
        var costs = RunCosts.Of(model);
        var macs = costs.PerPair(trace, lengths);
        Assert.Equal(lengths.Length, macs.Count);
        var entering = trace.Of("text_encoder")[0].TokensBefore;
        Assert.Equal(policy.ExcludePadding ? lengths : [12, 12, 12, 12], entering);
        Assert.All(macs, (one, pair) => Assert.InRange(one, 1, (long)(1.3 * costs.Whole(entering[pair]))));
    }

    [Fact]
    public void Equal_counts_cost_what_the_method_costs_that_left_them()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = TinyModels.Nlvr();
        var costs = RunCosts.Of(model, Accounting.Deploy);
        var (images, ids, mask) = TinyModels.Batch(5, 12);
        var (ours, other) = (Of(ReductionPolicy.Fixed with { MinKeep = 99 }), Of(StaticPruning.Policy(1)));
        Assert.Equal(ours.Counts, other.Counts);
        Assert.NotEqual(ours.Macs, other.Macs);

        (string Counts, long Macs) Of(ReductionPolicy policy)
        {
            using var reduction = TokenReduction.Attach(model, policy);
            using var trace = reduction.Record();
            model.Forward(images, ids, mask);
            return (string.Join(' ', trace.Steps.SelectMany(step => step.TokensPerSample)), costs.PerPair(trace, [12])[0]);
        }
    }
}
