using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>Weights that are laid out once give what the plain products give, and never what an old weight gave.</summary>
public sealed class PreparedWeightsTests : IDisposable
{
    private readonly TorchSharp.DisposeScope scope = NewDisposeScope();
    private readonly Linear layer;

    public PreparedWeightsTests()
    {
        manual_seed(5);
        layer = nn.Linear(768, 640); // large enough to be laid out
    }

    public void Dispose() => scope.Dispose();

    [Theory] // both on every processor, whichever the kit takes there
    [InlineData(false)]
    [InlineData(true)]
    public void LaidOutTheyGiveTheSameProductsForAnyNumberOfTokens(bool mkl)
    {
        using var off = no_grad();
        var library = mkl ? PackedLinear.Mkl : PackedLinear.OneDnn;
        Assert.True(library.IsAvailable);
        var packed = library.Pack(layer.weight);
        foreach (var tokens in new[] { 1, 2, 7, 21, 48, 100, 255, 256, 257, 577, 1154 })
        {
            var input = randn(2, tokens, 768);
            var linear = layer.forward(input);
            foreach (var (expected, gelu) in new[] { (linear, false), (nn.functional.gelu(linear), true) })
            {
                var found = library.Apply(input, packed, layer.weight, layer.bias!, gelu);
                Assert.Equal(expected.shape, found.shape);
                Assert.InRange((expected - found).abs().max().item<float>(), 0, 1e-5);
            }
        }

        Assert.Throws<ArgumentException>(() => library.Apply(randn(2, 512), packed, layer.weight, layer.bias!, gelu: false));
    }

    [Theory]
    [InlineData(false, 1e-5)]
    [InlineData(true, 0.05)] // values are up to 3: bfloat16 rounds by 2⁻⁸ of that
    public void ProductsAreThoseOfThePlainWeights(bool bfloat16, double within)
    {
        using var off = no_grad();
        using var prepared = new PreparedWeights();
        foreach (var shape in new long[][] { [1, 768], [3, 768], [2, 21, 768], [1, 1, 768], [2, 577, 768], [2, 3, 5, 768] })
        {
            var input = randn(shape);
            var (linear, gelu) = (layer.forward(input), nn.functional.gelu(layer.forward(input)));
            using var begun = MixedPrecision.Begin(bfloat16, prepared);
            foreach (var _ in Enumerable.Range(0, 2)) // the second takes what the first has laid out
            {
                Same(linear, Products.Linear(layer, input));
                Same(gelu, Products.LinearGelu(layer, input));
                Same(linear.transpose(0, -1), Products.Linear(layer, input).transpose(0, -1));
            }
        }

        void Same(Tensor expected, Tensor found)
        {
            Assert.Equal(bfloat16 ? ScalarType.BFloat16 : ScalarType.Float32, found.dtype);
            Assert.Equal(expected.shape, found.shape);
            Assert.InRange((expected - found.to(float32)).abs().max().item<float>(), bfloat16 ? 1e-4 : 0, within);
        }
    }

    [Fact]
    public void InputsThatDoNotLieInARowAreReadAsTheyAre()
    {
        using var off = no_grad();
        using var prepared = new PreparedWeights();
        using var begun = MixedPrecision.Begin(false, prepared);
        foreach (var input in new[] { randn(768, 9).t(), randn(4, 9, 1536)[.., .., ..768], randn(1, 1, 768).expand(3, 2, 768) })
            Assert.InRange((layer.forward(input) - Products.Linear(layer, input)).abs().max().item<float>(), 0, 1e-5);

        Assert.Equal([0, 640], Products.Linear(layer, randn(0, 768)).shape);
    }

    [Fact]
    public void ChangedWeightsCountFromTheNextPassWithGradients()
    {
        using var prepared = new PreparedWeights();
        using var begun = MixedPrecision.Begin(false, prepared);
        var input = randn(4, 768);
        using (no_grad())
        {
            Products.Linear(layer, input);
            layer.weight.mul_(2);
        }

        Products.Linear(layer, input).sum().backward();
        Assert.NotNull(layer.weight.grad);
        using (no_grad())
            Assert.InRange((layer.forward(input) - Products.Linear(layer, input)).abs().max().item<float>(), 0, 1e-5);
    }

    [Fact]
    public void OutputsAreChangedFromOutsideAllTheSame()
    {
        using var off = no_grad();
        using var prepared = new PreparedWeights();
        using var begun = MixedPrecision.Begin(false, prepared);
        using var hook = OutputHook.Attach(layer.weight, output => output * 0 - 1);
        Assert.Equal(-1f, Products.Linear(layer, randn(2, 768)).max().item<float>());
        Assert.InRange(Products.LinearGelu(layer, randn(2, 768)).max().item<float>(), -0.16f, -0.158f); // of −1, not −1 itself
    }

    [Fact]
    public void AWrongWidthIsAnError()
    {
        using var off = no_grad();
        using var prepared = new PreparedWeights();
        using var begun = MixedPrecision.Begin(false, prepared);
        Products.Linear(layer, randn(2, 768));
        Assert.ThrowsAny<Exception>(() => Products.Linear(layer, randn(2, 512)));
        Assert.ThrowsAny<Exception>(() => Products.LinearGelu(layer, randn(2, 512)));
    }

    [Fact]
    public void APrunedModelKeepsTheSameTokens()
    {
        using var off = no_grad();
        manual_seed(6);
        using var model = new BlipNlvr(new BlipConfig
        {
            Vision = new VisionTransformerConfig { ImageSize = 96, PatchSize = 16, Width = 512, Depth = 3, Heads = 8 },
            Text = new BertConfig
            {
                VocabularySize = 40, Width = 512, Layers = 3, Heads = 8, FeedForwardWidth = 2048, MaxPositions = 24,
                EncoderWidth = 512, FirstMergeLayer = 2,
            },
            Alignment = new AlignmentConfig(6, 512),
        });
        model.eval();
        var (images, ids, mask) = (randn(4, 3, 96, 96), randint(5, 40, [2, 9], dtype: int64), ones(2, 9));
        using var attached = Methods.Of("MADTP").Pruning!.At(1.1).Attach(model);
        var plain = model.Forward(images, ids, mask);
        using var prepared = new PreparedWeights();
        using var begun = MixedPrecision.Begin(false, prepared);
        var packed = model.Forward(images, ids, mask);
        Assert.NotEqual(37, plain.Vision.X.shape[1]);
        Assert.Equal(plain.Vision.X.shape, packed.Vision.X.shape);
        Assert.InRange((plain.Logits - packed.Logits).abs().max().item<float>(), 0, 1e-4);
    }
}
