using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Madtp;
using Xunit;

namespace Madtp.Kit.Tests.Madtp;

public class ReleasedTemperatureStepsTests
{
    [Theory]
    [InlineData(40, 1)]
    [InlineData(30.1, 1)]
    [InlineData(30, 0.5)]
    [InlineData(10.1, 0.5)]
    [InlineData(10, 0.25)]
    [InlineData(5.1, 0.25)]
    [InlineData(5, 0.1)]
    [InlineData(1.1, 0.1)]
    [InlineData(1, 0.01)]
    [InlineData(0.2, 0.01)]
    public void Steps_of_the_table(double giga, double step)
    {
        const double target = 66.27e9;
        Assert.Equal(4 + step, ReleasedTemperatureSteps.Next(4, target + (giga * 1e9), target, 132.54e9), 1e-12);
        Assert.Equal(4 - step, ReleasedTemperatureSteps.Next(4, target - (giga * 1e9), target, 132.54e9), 1e-12);
    }

    [Fact]
    public void On_the_target_it_goes_on_stepping() => Assert.Equal(3.99, ReleasedTemperatureSteps.Next(4, 66e9, 66e9, 132.54e9), 1e-12);

    [Fact]
    public void A_model_of_another_size_has_the_same_table_in_shares_of_its_cost()
    {
        var cases = from macs in Gen.Choose(1, 1000)
                    from target in Gen.Choose(1, 1000)
                    from size in Gen.Choose(1, 100)
                    where Math.Abs(Math.Abs(macs - target) - 226.35) > 1 // off the table's edges, where rounding decides
                    select (macs / 1000.0, target / 1000.0, size / 100.0);
        Prop.ForAll(cases.ToArbitrary(), one =>
        {
            var (macs, target, size) = one;
            return ReleasedTemperatureSteps.Next(2, macs * size, target * size, size) == ReleasedTemperatureSteps.Next(2, macs * 132.54e9, target * 132.54e9, 132.54e9);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(7, 7).WithQuietOnSuccess(true));
    }

    [Fact]
    public void Fifteen_epochs_come_near_a_target_close_by_and_never_to_one_far_off()
    {
        static double Cost(double temperature) => 132.54e9 / (1 + (0.2 * Math.Max(temperature, 0)));
        var near = ReleasedTemperatureSteps.Walk(Cost, 0.5 * 132.54e9, 132.54e9);
        Assert.Equal(15, near.Count);
        Assert.Equal(1, near[0].Value);
        Assert.Equal(2, near[1].Value); // 110.45 G, 44 G too much
        Assert.InRange(near[^1].Cost / 132.54e9, 0.48, 0.52);
        Assert.True(ReleasedTemperatureSteps.Walk(Cost, 0.1 * 132.54e9, 132.54e9)[^1].Cost > 0.2 * 132.54e9);
    }

    [Fact]
    public void A_cost_that_is_never_measured_again_raises_the_temperature_every_epoch()
    {
        var walk = ReleasedTemperatureSteps.Walk(_ => 186.12e9, 93.06e9, 186.12e9, 3);
        Assert.Equal([1.0, 2, 3], walk.Select(point => point.Value));
    }
}
