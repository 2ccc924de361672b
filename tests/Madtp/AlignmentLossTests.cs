using Madtp.Kit.Madtp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class AlignmentLossTests
{
    [Fact]
    public void Equal_directions_cost_nothing_whatever_their_length()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var feature = randn(2, 5, 8);
        Assert.Equal(0, AlignmentLoss.Similarity(feature, feature * 3).item<float>(), 1e-5f);
    }

    [Fact]
    public void Opposite_directions_cost_two()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var feature = randn(2, 5, 8);
        Assert.Equal(2, AlignmentLoss.Similarity(feature, -feature).item<float>(), 1e-5f);
    }

    [Fact]
    public void It_is_one_minus_the_mean_cosine()
    {
        using var scope = NewDisposeScope();
        var image = tensor(new float[,,] { { { 1, 0 }, { 1, 1 } } });
        var text = tensor(new float[,,] { { { 0, 2 }, { 1, 0 } } });
        Assert.Equal(1 - ((0 + (1 / Math.Sqrt(2))) / 2), AlignmentLoss.Similarity(image, text).item<float>(), 1e-5);
    }
}
