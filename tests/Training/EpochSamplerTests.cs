using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Training;

public sealed class EpochSamplerTests
{
    [Fact]
    public void VisitsEveryExampleOnceAnEpoch()
    {
        var sampler = new EpochSampler(examples: 12, batchSize: 4, seed: 3);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            var seen = Enumerable.Range(epoch * 3, 3).SelectMany(step => sampler.Batch(step).ToArray());
            Assert.Equal(Enumerable.Range(0, 12), seen.Order());
        }
    }

    [Fact]
    public void OrderFollowsFromSeedAndStepAlone()
    {
        var whole = new EpochSampler(103, 10, seed: 7);
        int[][] steps = [.. Enumerable.Range(0, 35).Select(step => whole.Batch(step).ToArray())];
        foreach (var step in new[] { 34, 0, 17, 10, 9 })
            Assert.Equal(steps[step], new EpochSampler(103, 10, seed: 7).Batch(step).ToArray());

        Assert.NotEqual(steps[0], steps[10]); // another epoch, another order
        Assert.NotEqual(steps[0], new EpochSampler(103, 10, seed: 8).Batch(0).ToArray());
    }

    [Fact]
    public void RefusesABatchThatCannotBeFilled() => Assert.Throws<ArgumentException>(() => new EpochSampler(5, 6, 1));
}
