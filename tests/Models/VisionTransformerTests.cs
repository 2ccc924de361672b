using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public class VisionTransformerTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void The_last_of_two_blocks_skips_a_samples_branch_or_scales_it_up_and_the_first_never_does(int layer)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        manual_seed(5);
        using var encoder = new VisionTransformer(new VisionTransformerConfig { ImageSize = 8, PatchSize = 4, Width = 8, Depth = 2, Heads = 2, DropPath = 0.5 });
        var block = encoder.Blocks[layer];
        foreach (var (_, parameter) in block.named_parameters().Where(p => p.name.StartsWith("mlp.fc2", StringComparison.Ordinal)))
            parameter.zero_(); // which leaves the branch of attention

        var x = randn(40, 5, 8);
        block.eval();
        var whole = block.forward(new TokenState(x)).X - x;
        block.train();
        var drawn = block.forward(new TokenState(x)).X - x;
        var shares = (drawn.abs().sum([1, 2]) / whole.abs().sum([1, 2])).data<float>().ToArray();
        Assert.All(shares, share => Assert.Contains(MathF.Round(share, 3), layer == 0 ? [1f] : new[] { 0f, 2f }));
        if (layer == 1)
            Assert.InRange(shares.Count(share => share < 1), 8, 32);
    }
}
