using Madtp.Kit.Madtp;
using Madtp.Kit.Cost;
using Xunit;

namespace Madtp.Kit.Tests.Cost;

public class RetrievalPairCostTests
{
    private static readonly RetrievalPairCost Model = new()
    {
        Name = "pair",
        Vision = new VisionDims { ImageSize = 24, PatchSize = 4, Width = 16, Depth = 3 },
        Text = new TextDims { Width = 12, Depth = 2 },
        TextTokens = 9,
        Alignment = new AlignmentDims(5, 8, true),
        EmbedWidth = 7,
    };

    [Fact]
    public void The_plain_pair_follows_the_closed_form()
    {
        const long n = 37, d = 16, l = 3, t = 9, w = 12, layers = 2, e = 7;
        var image = ((n - 1) * 3 * 4 * 4 * d) + (l * ((12 * n * d * d) + (2 * n * n * d))) + (5 * n * d * ((2 * l) + 1));
        var alone = (layers * ((12 * t * w * w) + (2 * t * t * w))) + (5 * t * w * ((2 * layers) + 1));
        var read = (2 * n * d * w * layers) + (14 * t * w * w * layers) + (2 * t * t * w * layers) + (2 * t * n * w * layers) + (5 * t * w * ((3 * layers) + 1));
        Assert.Equal(image + alone + read + (d * e) + (w * e) + (2 * w), MacLedger.For(Model).Total(Accounting.Paper));
    }

    [Fact]
    public void Fewer_tokens_in_either_pass_of_the_text_cost_less()
    {
        long Cost(int[] image, int[] alone, int[] read) => MacLedger.For(Model with { Matching = read }).WithTokens(new TokenCounts([image], alone), ReductionPolicy.Fixed).Total(Accounting.Paper);
        var all = Cost([20, 12, 8], [7, 5], [7, 5]);
        Assert.True(Cost([19, 12, 8], [7, 5], [7, 5]) < all);
        Assert.True(Cost([20, 12, 8], [7, 4], [7, 5]) < all);
        Assert.True(Cost([20, 12, 8], [7, 5], [6, 5]) < all);
    }
}
