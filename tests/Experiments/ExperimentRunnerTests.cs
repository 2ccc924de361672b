using Madtp.Kit.Data;
using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class ExperimentRunnerTests
{
    private static readonly Experiment Small = new() { Task = "toy-clip", Method = "EViT", ReduceRatio = 0.5, TrainExamples = 128 };

    [Fact]
    public void A_stopped_experiment_goes_on_to_the_same_result_and_is_run_once()
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        var expected = ExperimentRunner.Run(Small, new RunCache(whole.Path), Path.Combine(whole.Path, "runs"));
        Assert.False(expected.Cached);
        Assert.InRange(expected.MacShare, 0.49, 0.51);
        Assert.InRange(expected.Test, 0.15, 1); // by chance a hundredth
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => ExperimentRunner.Run(Small, new RunCache(parts.Path), Path.Combine(parts.Path, "runs"), _ => stop.Cancel(), stop.Token));
        var result = ExperimentRunner.Run(Small, new RunCache(parts.Path), Path.Combine(parts.Path, "runs"));
        Assert.Equal((expected.Test, expected.Dev, expected.Macs, expected.Strength), (result.Test, result.Dev, result.Macs, result.Strength));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(parts.Path, "runs")));
        var steps = 0;
        Assert.True(ExperimentRunner.Run(Small, new RunCache(parts.Path), Path.Combine(parts.Path, "runs"), _ => steps++).Cached);
        Assert.Equal(0, steps);

        // Run afresh, but stopped, or in another's hands: the result that was there stays.
        using var again = new CancellationTokenSource();
        ExperimentResult Afresh() => ExperimentRunner.Run(
            Small, new RunCache(parts.Path), Path.Combine(parts.Path, "runs"), _ => again.Cancel(), again.Token, fresh: true);
        Assert.Throws<OperationCanceledException>(Afresh);
        Assert.Equal(result.ToJson(), new RunCache(parts.Path).Find(Small)!.ToJson());
        using var other = FolderLock.TryTake(Assert.Single(Directory.GetDirectories(Path.Combine(parts.Path, "runs"))), "lock");
        Assert.Contains("is being run by another process", Assert.Throws<IOException>(Afresh).Message, StringComparison.Ordinal);
    }

    // Trained anew, on whatever machine, the score stays within three standard deviations of what three seeds scored.
    [Fact]
    [Trait("speed", "slow")]
    public void The_quickest_result_of_MADTP_comes_again()
    {
        var group = SeedGroups.Of(PublishedResultsTests.Results).Where(group => group.Experiment.Method == "MADTP" && group.Test.Count >= 3).ToList();
        var published = PublishedResultsTests.Results.Where(result => result.Device is null && group.Exists(one => one.Experiment == result.Experiment with { Seed = 0 })).MinBy(result => result.Seconds)!;
        var expected = group.Single(one => one.Experiment == published.Experiment with { Seed = 0 });
        using var folder = new TemporaryFolder();
        var result = ExperimentRunner.Run(published.Experiment, new RunCache(folder.Path), Path.Combine(folder.Path, "runs"));
        Assert.False(result.Cached);
        Assert.InRange(result.Test, expected.Test.Mean - (3 * expected.Test.Deviation), expected.Test.Mean + (3 * expected.Test.Deviation));
        Assert.InRange(result.MacShare, published.MacShare - 0.01, published.MacShare + 0.01);
        Assert.Equal(published.DenseMacs, result.DenseMacs);
    }

    [Fact]
    public void What_a_task_cannot_do_is_said()
    {
        using var folder = new TemporaryFolder();
        var cache = new RunCache(folder.Path);
        Assert.Contains("UPop", Assert.Throws<ArgumentException>(() => ExperimentRunner.Run(new Experiment { Method = "UPop" }, cache, folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("no method", Assert.Throws<ArgumentException>(() => ExperimentRunner.Run(new Experiment { Method = "?" }, cache, folder.Path)).Message, StringComparison.Ordinal);
    }
}
