using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Training;

public sealed class CosineScheduleTests
{
    private static readonly CosineSchedule Schedule = new(Peak: 1e-3, WarmupSteps: 100, TotalSteps: 1100, Final: 1e-5);

    [Theory]
    [InlineData(0, 1e-5)] // 1/100 of the peak
    [InlineData(49, 5e-4)]
    [InlineData(99, 1e-3)]
    [InlineData(100, 1e-3)]
    [InlineData(600, 5.05e-4)] // half way between peak and final
    [InlineData(850, 1.549821433127e-4)] // three quarters: final + (peak − final)·(1 − cos 45°)/2
    [InlineData(1100, 1e-5)]
    [InlineData(5000, 1e-5)]
    public void RisesLinearlyAndFallsAlongACosine(int step, double rate) => Assert.Equal(rate, Schedule.At(step), 12);

    [Fact]
    public void WithoutWarmupBeginsAtThePeak() => Assert.Equal(3e-4, new CosineSchedule(3e-4, 0, 10).At(0), 12);

    [Fact]
    public void NeverRisesAfterTheWarmup()
    {
        for (var step = 100; step < 1200; step++)
            Assert.True(Schedule.At(step + 1) <= Schedule.At(step));
    }

    [Fact]
    public void RefusesANegativeStep() => Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.At(-1));
}
