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
