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
        var threshold = LearnableThreshold.Minimum(LearnableThreshold.Softmax(raw, importance, 1e6));
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
    [InlineData(ThresholdNormalization.Softmax)]
    [InlineData(ThresholdNormalization.Sparsemax)]
    public void Padding_has_no_say(ThresholdNormalization normalization)
    {
        using var scope = NewDisposeScope();
        var (raw, importance) = Random(8);
        var real = ones(2, 11);
        real[TensorIndex.Colon, TensorIndex.Slice(7, 11)] = 0;
        var cut = Thresholds(normalization, raw.slice(1, 0, 7, 1), importance.slice(1, 0, 7, 1), null);
        var masked = Thresholds(normalization, raw, importance, real);
        Assert.True((cut - masked).abs().max().item<float>() < 1e-5f);
    }

    private static Tensor Thresholds(ThresholdNormalization normalization, Tensor raw, Tensor importance, Tensor? real) =>
        normalization == ThresholdNormalization.Softmax
            ? LearnableThreshold.Softmax(raw, importance, 2, real)
            : LearnableThreshold.SparsemaxThreshold(AlignmentGuidance.AttentionMaps(raw, 16, real), importance, 2, real);

    private static (Tensor Raw, Tensor Importance) Random(int seed)
    {
        manual_seed(seed);
        return (randn(2, 11, 4), rand(2, 11));
    }
}
