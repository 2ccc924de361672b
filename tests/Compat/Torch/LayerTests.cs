using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compat.Torch;

/// <summary>Layers and functions against numbers that PyTorch 1.13 gave.</summary>
[Collection(RandomStateCollection.Name)]
public class LayerTests
{
    private static Tensor Slope => arange(12, dtype: ScalarType.Float32).reshape(3, 4) / 7 - 0.5;

    private static Tensor Picture => arange(16, dtype: ScalarType.Float32).reshape(1, 1, 4, 4);

    [Fact]
    public void GeluIsTheExactOne()
    {
        using var scope = NewDisposeScope();
        double[] expected =
        [
            -0.1542687863111496, -0.12874732911586761, -0.08896330744028091, -0.03368058428168297, 0.037748001515865326, 0.12532241642475128,
            0.22839553654193878, 0.3457311987876892, 0.4756125807762146, 0.6159863471984863, 0.7646269798278809, 0.9192980527877808,
        ];
        TorchAssert.Equal(expected, nn.functional.gelu(Slope));
        using var layer = nn.GELU();
        TorchAssert.Equal(expected, layer.call(Slope));
    }

    [Fact]
    public void LayerNormScalesAndShifts()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.LayerNorm(4);
        layer.weight!.with_requires_grad(false).copy_(tensor(new float[] { 1, 2, 3, 4 }));
        layer.bias!.with_requires_grad(false).copy_(tensor(new[] { .1f, .2f, .3f, .4f }));
        double[] row = [-1.2413777, -0.6942518, 1.6413784, 5.765512];
        TorchAssert.Equal([.. row, .. row, .. row], layer.call(Slope), 2e-6);
        TorchAssert.Equal([], nn.LayerNorm(4, elementwise_affine: false).call(zeros(0, 4)));
        Assert.Null(nn.LayerNorm(4, bias: false).bias);
    }

    [Fact]
    public void ConvolutionMatches()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Conv2d(1, 2, 2, stride: 2);
        using (no_grad())
        {
            layer.weight.copy_(arange(8).reshape(2, 1, 2, 2) / 4.0);
            layer.bias!.copy_(tensor(new[] { .5f, -.5f }));
        }

        TorchAssert.Equal([6.5, 9.5, 18.5, 21.5, 15.5, 26.5, 59.5, 70.5], layer.call(Picture));
        TorchAssert.Shape(nn.Conv2d(1, 2, (3, 3), padding: (1, 1), bias: false).call(Picture), 1, 2, 4, 4);
    }

    [Fact]
    public void AnEmbeddingLooksUpItsRows()
    {
        using var scope = NewDisposeScope();
        using var table = nn.Embedding(5, 3, padding_idx: 0);
        TorchAssert.Equal([0, 0, 0], table.weight[0].detach());
        var rows = table.call(tensor(new long[] { 2, 0, 2 }));
        Assert.True(rows[0].Equals(table.weight[2]));
        rows.sum().backward();
        TorchAssert.Equal([0, 0, 2, 0, 0], table.weight.grad!.select(1, 0));
        Assert.Throws<System.Runtime.InteropServices.ExternalException>(() => table.call(tensor(new long[] { 5 })));
    }

    [Fact]
    public void DropoutWorksInTrainingOnly()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var layer = nn.Dropout(0.25);
        var dropped = layer.call(ones(10000));
        TorchAssert.Equal([0.75], (dropped > 0).mean([0], type: ScalarType.Float32), 0.03);
        TorchAssert.Equal([4 / 3.0], dropped.max());
        layer.eval();
        TorchAssert.Equal([1], layer.call(ones(10000)).min());
    }

    [Fact]
    public void LossesMatch()
    {
        using var scope = NewDisposeScope();
        var target = tensor(new long[] { 2, 0, 3 });
        TorchAssert.Equal([1.375203251838684], nn.functional.cross_entropy(Slope, target));
        TorchAssert.Equal([1.3775842189788818], nn.functional.cross_entropy(Slope, target, label_smoothing: 0.1));
        TorchAssert.Equal([2.5123114585876465], nn.functional.cross_entropy(Slope, tensor(new long[] { 2, -100, 3 }), reduction: nn.Reduction.Sum));
        TorchAssert.Equal([2], nn.functional.mse_loss(tensor(new float[] { 0, 0 }), tensor(new float[] { 0, 2 })));
    }

    [Fact]
    public void SimilaritiesMatch()
    {
        using var scope = NewDisposeScope();
        TorchAssert.Equal([0.5238094925880432, 0.5238096117973328, 0.9328858852386475], nn.functional.cosine_similarity(Slope, Slope.flip(1)));
        TorchAssert.Equal([-0.7637625932693481, -0.5455447435379028, -0.32732680439949036, -0.10910893976688385], nn.functional.normalize(Slope, dim: -1)[0]);
        TorchAssert.Equal([0, 1, 0, 0, 0, 1], nn.functional.one_hot(tensor(new long[] { 1, 2 })));
    }

    [Fact]
    public void ResizingMatches()
    {
        using var scope = NewDisposeScope();
        var bicubic = nn.functional.interpolate(Picture, size: [6, 6], mode: InterpolationMode.Bicubic);
        TorchAssert.Equal([-0.4340279996395111, 0.05902775377035141, 0.8657406568527222, 1.4398150444030762, 2.246528148651123, 2.739583730697632], bicubic[0, 0, 0], 1e-5);
        var halved = nn.functional.interpolate(Picture, scale_factor: [0.5], mode: InterpolationMode.Bilinear, antialias: true);
        TorchAssert.Equal([3.5714287757873535, 5.142857551574707, 9.85714340209961, 11.428571701049805], halved);
        TorchAssert.Equal([0, 2, 8, 10], nn.functional.interpolate(Picture, size: [2, 2]));
        TorchAssert.Equal([2.5, 4.5, 10.5, 12.5], nn.functional.interpolate(Picture, size: [2, 2], mode: InterpolationMode.Area));
        Assert.Throws<ArgumentException>(() => nn.functional.interpolate(Picture));
    }

    [Fact]
    public void InitialValuesFollowTheirDistributions()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var weight = zeros(200, 100);
        nn.init.xavier_uniform_(weight);
        Assert.InRange(weight.abs().max().item<float>(), 0.99f * Math.Sqrt(6 / 300.0), Math.Sqrt(6 / 300.0));
        nn.init.normal_(weight, 1, 0.02);
        TorchAssert.Equal([1, 0.02], stack([weight.mean(), weight.std()]), 1e-3);
        nn.init.constant_(weight, 3);
        TorchAssert.Equal([3], weight.min());
        using var linear = nn.Linear(100, 50);
        Assert.InRange(linear.weight.abs().max().item<float>(), 0.099f, 0.1f);
        Assert.InRange(linear.bias!.abs().max().item<float>(), 0.05f, 0.1f);
        Assert.True(linear.weight.requires_grad && linear.weight.is_leaf);
    }
}
