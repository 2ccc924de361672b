using Madtp.Kit.Metrics;
using Xunit;

namespace Madtp.Kit.Tests.Metrics;

public class AccuracyTests
{
    [Fact]
    public void Predictions_are_compared_with_labels() => Assert.Equal(0.75, Accuracy.Of([1, 0, 2, 2], [1, 0, 1, 2]));

    [Fact]
    public void The_first_of_equal_scores_is_the_prediction() => Assert.Equal(0.5, Accuracy.OfScores([0.5f, 0.5f, 1, 2], [1, 1]));

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Accuracy.Of([1], [1, 0]));
        Assert.Throws<ArgumentException>(() => Accuracy.Of([], []));
        Assert.Throws<ArgumentException>(() => Accuracy.OfScores([1, 2, 3], [1, 0]));
    }
}
