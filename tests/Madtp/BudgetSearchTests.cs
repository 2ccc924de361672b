using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Madtp;
using Xunit;

namespace Madtp.Kit.Tests.Madtp;

public sealed class BudgetSearchTests
{
    // A cost between 1 and 3 that crosses its middle at `centre`, rising or falling over about `width` decades.
    private static Func<double, double> Sigmoid(double centre, double width, bool rising) =>
        t => 2 + (Math.Tanh((Math.Log10(t) - centre) / width) * (rising ? 1 : -1));

    [Fact]
    public void MeetsAnyReachableTargetWhicheverWayTheCostGoes()
    {
        var cases =
            from centre in Gen.Choose(-15, 45).Select(n => n / 10.0)
            from width in Gen.Choose(1, 30).Select(n => n / 10.0)
            from share in Gen.Choose(5, 95).Select(n => n / 100.0)
            from rising in Gen.Elements(true, false)
            select (centre, width, share, rising);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var cost = Sigmoid(c.centre, c.width, c.rising);
            var (low, high) = (cost(1e-2), cost(1e5));
            var target = low + ((high - low) * c.share);
            var found = BudgetSearch.Find(cost, target);
            return found.Reached && found.Monotone && Math.Abs(cost(found.Value) - target) <= 0.005 * target && cost(found.Value) == found.Cost;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void SaysThatATargetIsOutOfReachAndComesAsCloseAsItCan()
    {
        var found = BudgetSearch.Find(Sigmoid(1, 1, rising: true), target: 0.5);
        Assert.False(found.Reached);
        Assert.Equal(1e-2, found.Value);
        Assert.StartsWith("no temperature within the tolerance of 0.5: T = 0.01 comes closest with", found.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_small_target_it_says_what_is_within_reach()
    {
        var found = BudgetSearch.Find(ratio => 40 + (60 * ratio), target: 0.1, new CalibrationSettings { Lowest = 0.02, Highest = 1 });
        Assert.StartsWith(
            "no keep ratio takes 99.9% of the multiply-accumulates away: keep ratio = 0.02 comes closest with 58.8% (within reach: 0% to 58.8%)",
            (found with { Dense = 100, StrengthIs = PruningMethod.KeepRatio }).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void SaysThatACostIsNotMonotone()
    {
        var found = BudgetSearch.Find(t => 2 + Math.Sin(Math.Log(t)), target: 2.1);
        Assert.True(found.Reached);
        Assert.False(found.Monotone);
        Assert.Contains("does not go one way", found.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void EndsAtAJumpOverTheTarget()
    {
        var evaluations = 0;
        var found = BudgetSearch.Find(t =>
        {
            evaluations++;
            return t < 7 ? 1 : 3;
        }, target: 2);
        Assert.False(found.Reached);
        Assert.InRange(evaluations, 9, 48);
    }

    [Fact]
    public void TheToleranceIsAShareOfTheTarget() =>
        Assert.True(BudgetSearch.Find(t => 1e9 * Sigmoid(1, 1, rising: true)(t), 1.7e9).Points.Count < 20);

    [Fact]
    public void FindsANarrowDipOnlyIfTheScanSeesIt()
    {
        // Monotone at the scanned points although there is a dip between them: the result is still within the tolerance.
        var found = BudgetSearch.Find(t => Sigmoid(1, 1, rising: true)(t) + (t is > 11 and < 12 ? -5 : 0), target: 1.5);
        Assert.True(found.Reached);
    }

    [Theory]
    [InlineData(0, 1, 10)]
    [InlineData(-1, 1, 10)]
    [InlineData(1, 0, 10)]
    [InlineData(1, 10, 1)]
    [InlineData(double.NaN, 1, 10)]
    public void RefusesWhatCannotBeCalibrated(double target, double lowest, double highest) =>
        Assert.Throws<ArgumentException>(() => BudgetSearch.Find(t => t, target, new CalibrationSettings { Lowest = lowest, Highest = highest }));
}
