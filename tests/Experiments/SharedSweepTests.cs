using System.Diagnostics;
using System.Text.Json;
using Madtp.Kit.Cli;
using Madtp.Kit.Data;
using Madtp.Kit.Experiments;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Tests.Cli;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

/// <summary>Sweeps that meet in one folder, and those that end without a word.</summary>
[Trait("speed", "slow")]
[Collection(nameof(SharedSweepTests))]
public sealed class SharedSweepTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly TemporaryFolder folder = new();

    private string Runs => folder.File("runs");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Two_sweeps_on_one_folder_share_the_work()
    {
        var settings = new GridSettings
        {
            Cache = new RunCache(folder.File("cache")), Runs = Runs, Jobs = 1,
            Command = [DotnetHost.Path, typeof(CommandLine).Assembly.Location, "sweep"],
        };
        var grid = Grid.Of(new Experiment { Task = "toy-clip", TrainExamples = 64 }).Vary((e, seed) => e with { Seed = seed }, 1L, 2L);
        var sweeps = await Task.WhenAll(Task.Run(() => grid.Run(settings)), Task.Run(() => grid.Run(settings)));
        Assert.Equal(sweeps[0].Select(result => result.ToJson()), sweeps[1].Select(result => result.ToJson()));
        Assert.Equal([1, 2], sweeps[0].Select(result => result.Experiment.Seed));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Runs));
    }

    [Fact]
    public void A_process_of_a_sweep_stops_where_it_can_go_on_when_the_sweep_is_gone()
    {
        using var child = Child(new Experiment { Task = "toy-clip", Epochs = 10_000 });
        Assert.True(Appears("log.jsonl", child));
        child.StandardInput.Close(); // as the system does when the other process is killed
        Assert.True(child.WaitForExit(TimeSpan.FromSeconds(20)), "it goes on by itself");
        Assert.Contains("run that again to go on", child.StandardError.ReadToEnd(), StringComparison.Ordinal);
        var run = Assert.Single(Directory.GetDirectories(Runs));
        Assert.True(File.Exists(Path.Combine(run, "checkpoint.safetensors")));
        using var free = FolderLock.TryTake(run, "lock");
        Assert.NotNull(free);
    }

    [Fact]
    public void What_another_process_runs_is_left_to_it_with_a_code_that_says_so()
    {
        using var first = Child(new Experiment { Task = "toy-clip", Epochs = 10_000 });
        Assert.True(Appears("log.jsonl", first));
        using var second = Child(new Experiment { Task = "toy-clip", Epochs = 10_000 });
        Assert.True(second.WaitForExit(Patience));
        Assert.Equal(GridSettings.Busy, second.ExitCode);
        Assert.Contains("is being run by another process", second.StandardError.ReadToEnd(), StringComparison.Ordinal);
        first.Kill();
        first.WaitForExit();
    }

    private Process Child(Experiment experiment)
    {
        var list = folder.Write("list.json", JsonSerializer.Serialize(new[] { experiment }, ExperimentJson.Page));
        return KitProcess.Start(
            ["sweep", list, "--index", "0", "--cache", folder.File("cache"), "--runs", Runs], redirectInput: true,
                ("KIT_SWEEP_CHILD", "1"));
    }

    private bool Appears(string file, Process process)
    {
        bool IsThere() => Directory.Exists(Runs) && Directory.EnumerateFiles(Runs, file, SearchOption.AllDirectories).Any();
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Patience && !process.HasExited && !IsThere();)
            Thread.Sleep(100);

        return IsThere();
    }
}
