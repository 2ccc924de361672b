using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Compression;
using Xunit;

namespace Madtp.Kit.Tests.Compression;

public sealed class UPopScheduleTests
{
    private static readonly Arbitrary<int> Steps = Gen.Choose(1, 5000).ToArbitrary();

    [Fact]
    public void GoesFromNothingToAllOfIt() => Prop.ForAll(Steps, steps =>
    {
        var schedule = new UPopSchedule(steps, UpdateEvery: 50);
        Assert.Equal((0, 1), (schedule.Progress(0), schedule.Progress(steps)));
        Assert.True(schedule.UpdatesAfter(steps) && !schedule.UpdatesAfter(0));
    }).Check(Config.QuickThrowOnFailure.WithReplay(2, 3));

    [Fact]
    public void NeverGoesBack()
    {
        var schedule = new UPopSchedule(600, UpdateEvery: 50);
        var progress = Enumerable.Range(0, 601).Select(schedule.Progress).ToArray();
        Assert.All(progress.Zip(progress.Skip(1)), pair => Assert.True(pair.First < pair.Second));
        Assert.Equal(Math.Sqrt(0.5), schedule.Progress(300), 12); // half of the way in time is 71% of the target
        Assert.Equal([50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 550, 600], Enumerable.Range(0, 601).Where(schedule.UpdatesAfter));
    }
}
