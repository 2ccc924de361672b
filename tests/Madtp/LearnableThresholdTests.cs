using Madtp.Kit.Madtp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class LearnableThresholdTests
{
    [Fact]
    public void Released_nears_the_mean_importance_as_the_temperature_grows()
    {
        using var scope = NewDisposeScope();
        var (raw, importance) = Random(5);
        var threshold = LearnableThreshold.Softmax(raw, importance, 1e6).amin([1]);
        Assert.True((threshold - importance.mean([1])).abs().max().item<float>() < 1e-4f);
    }

    [Fact]
    public void Released_picks_single_tokens_as_the_temperature_vanishes()
    {
        using var scope = NewDisposeScope();
        var (raw, importance) = Random(6);
        var picked = importance.gather(1, raw.argmax(1)); // [B, K]
        var thresholds = LearnableThreshold.Softmax(raw, importance, 1e-4);
        Assert.True((thresholds - picked).abs().max().item<float>() < 1e-4f);
    }

    [Fact]
    public void Paper_is_the_mean_at_temperature_zero_and_picks_single_tokens_as_it_grows()
    {
        using var scope = NewDisposeScope();
        var (raw, importance) = Random(7);
        var maps = AlignmentGuidance.AttentionMaps(raw, 16);
        var flat = LearnableThreshold.SparsemaxThreshold(maps, importance, 0);
        Assert.True((flat - importance.mean([1], keepdim: true)).abs().max().item<float>() < 1e-5f);
        var sharp = LearnableThreshold.SparsemaxThreshold(maps, importance, 1e6);
        Assert.True((sharp - importance.gather(1, raw.argmax(1))).abs().max().item<float>() < 1e-4f);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Padding_has_no_say(bool softmax)
    {
        using var scope = NewDisposeScope();
        var (raw, importance) = Random(8);
        var padding = AlignmentGuidance.Padding((arange(11) >= 7).expand(2, 11));
        var cut = Thresholds(softmax, raw.slice(1, 0, 7, 1), importance.slice(1, 0, 7, 1), null);
        var masked = Thresholds(softmax, raw, importance, padding);
        Assert.True((cut - masked).abs().max().item<float>() < 1e-5f);
    }

    private static Tensor Thresholds(bool softmax, Tensor raw, Tensor importance, Tensor? padding) => softmax
        ? LearnableThreshold.Softmax(raw, importance, 2, padding)
        : LearnableThreshold.SparsemaxThreshold(AlignmentGuidance.AttentionMaps(raw, 16, padding), importance, 2, padding);

    private static (Tensor Raw, Tensor Importance) Random(int seed)
    {
        manual_seed(seed);
        return (randn(2, 11, 4), rand(2, 11));
    }
}
