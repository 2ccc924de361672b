using Madtp.Kit.Metrics;
using Xunit;

namespace Madtp.Kit.Tests.Metrics;

public class PythonRoundTests
{
    // Each line is what Python 3 answers to round(x, 2).
    [Theory]
    [InlineData(0.125, 0.12)]
    [InlineData(0.375, 0.38)]
    [InlineData(2.675, 2.67)]
    [InlineData(1.005, 1.0)]
    [InlineData(62.404999999999994, 62.4)]
    [InlineData(99.995, 100.0)]
    [InlineData(0.005, 0.01)]
    [InlineData(-0.125, -0.12)]
    [InlineData(100, 100)]
    [InlineData(0, 0)]
    [InlineData(1e300, 1e300)]
    [InlineData(5e-324, 0)]
    public void Numbers_are_rounded_by_their_exact_value(double value, double expected) => Assert.Equal(expected, PythonRound.ToPlaces(value, 2));
}
