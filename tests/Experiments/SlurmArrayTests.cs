using System.Diagnostics;
using Madtp.Kit.Experiments;
using Madtp.Kit.Tests.Cli;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

[Collection(nameof(SlurmArrayTests))]
public class SlurmArrayTests
{
    private static readonly Experiment[] Two =
    [
        new() { Task = "toy-clip", Method = "Random", ReduceRatio = 0.5, TrainExamples = 0 },
        new() { Task = "toy-clip", Method = "STP", ReduceRatio = 0.5, TrainExamples = 0 },
   ];

    [Fact]
    public void The_script_has_a_task_for_each_missing_experiment()
    {
        using var folder = new TemporaryFolder();
        var array = new SlurmArray("grid", folder.Path) { Options = ["--partition=gpu", "--gres=gpu:1"] };
        Assert.Equal(2, array.Write(Two, new RunCache(Path.Combine(folder.Path, "cache"))));
        var script = File.ReadAllLines(array.ScriptPath);
        Assert.Equal("#!/usr/bin/env bash", script[0]);
        Assert.Contains("#SBATCH --array=0-1%16", script);
        Assert.Contains("#SBATCH --gres=gpu:1", script);
        Assert.Equal(Two, Grid.Open(array.ListPath).Experiments);
    }

    // Tasks that wait in the queue read their list when they begin.
    [Fact]
    public void A_later_array_leaves_the_list_of_an_earlier_one()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (new SlurmArray("grid", folder.Path), new SlurmArray("grid", folder.Path));
        var cache = new RunCache(folder.File("cache"));
        first.Write(Two, cache);
        cache.Keep(RunCacheTests.Result(Two[0]));
        second.Write(Two, cache);
        Assert.Equal(Two, Grid.Open(first.ListPath).Experiments);
        Assert.Equal(Two[1..], Grid.Open(second.ListPath).Experiments);
        Assert.Contains(second.ListPath, File.ReadAllText(second.ScriptPath), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_sweep_is_told_its_tasks_are_told()
    {
        using var folder = new TemporaryFolder();
        var place = Path.Combine(folder.Path, "it's mine");
        var array = new SlurmArray("grid", place) { Jobs = 3, Runs = "/my runs", Device = "cuda:1" };
        array.Write(Two, new RunCache("cache"));
        var script = File.ReadAllLines(array.ScriptPath);
        Assert.Contains("#SBATCH --array=0-1%3", script);
        Assert.Contains($"#SBATCH --output='{folder.Path}/it'\\''s mine/grid-%a.out'", script);
        Assert.Contains($"    --cache '{Path.GetFullPath("cache")}' --runs '/my runs' --device 'cuda:1'", script);
    }

    [Fact]
    public void A_sweep_hands_on_what_it_was_told()
    {
        using var folder = new TemporaryFolder();
        var name = $"kit-test-{Guid.NewGuid():N}";
        var array = new SlurmArray(name, KitPaths.InRepository("artifacts", "slurm"));
        using var sweep = KitProcess.Start(
        [
            "sweep", folder.Write($"{name}.json", "[{ \"train_examples\": 1 }]"), "--slurm", "--cache", folder.File("cache"),
            "--runs", folder.File("runs"), "--device", "cpu", "--jobs", "2",
        ], environment: ("PATH", folder.Path));
        try
        {
            var said = sweep.StandardError.ReadToEnd();
            Assert.Contains("there is no sbatch on this machine", said, StringComparison.Ordinal);
            var script = File.ReadAllText(array.ScriptPath);
            Assert.Contains("--array=0-0%2\n", script, StringComparison.Ordinal);
            Assert.Contains($"--cache '{folder.File("cache")}' --runs '{folder.File("runs")}' --device 'cpu'\n", script, StringComparison.Ordinal);
        }
        finally
        {
            Array.ForEach(Directory.GetFiles(array.Folder, $"{name}*"), File.Delete);
        }
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("x\nrm")]
    [InlineData("$(reboot)")]
    [InlineData("")]
    public void A_name_cannot_break_out_of_the_script(string name)
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<ArgumentException>(() => new SlurmArray(name, folder.Path).Write(Two, new RunCache(folder.Path)));
    }

    /// <summary>What a node does with a task: bash, the script, and a task number.</summary>
    [Fact]
    [Trait("speed", "slow")]
    public async Task A_task_of_the_array_runs_its_experiment()
    {
        using var folder = new TemporaryFolder();
        var cache = new RunCache(Path.Combine(folder.Path, "cache"));
        var array = new SlurmArray("grid", folder.Path);
        array.Write(Two, cache);
        var start = new ProcessStartInfo("bash", [array.ScriptPath]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SLURM_ARRAY_TASK_ID"] = "1";
        using var task = Process.Start(start)!;
        var error = task.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await task.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await task.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(task.ExitCode == 0, await error);
        Assert.Null(cache.Find(Two[0]));
        Assert.InRange(cache.Find(Two[1])!.MacShare, 0.49, 0.51);
    }

    /// <summary>Needs a working Slurm: Debian's slurm-wlm with one node is enough (docs in README, "A cluster").</summary>
    [Fact]
    [Trait("needs", "slurm")]
    [Trait("speed", "slow")]
    public void Slurm_runs_the_array()
    {
        try
        {
            using var info = Process.Start(new ProcessStartInfo("sinfo", ["-h"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Assert.SkipWhen(info.StandardOutput.ReadToEnd().Trim().Length == 0, "no Slurm answers on this machine");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("there is no Slurm on this machine");
        }

        var folder = KitPaths.InRepository("artifacts", "slurm-test");
        var cache = new RunCache(Path.Combine(folder, $"cache-{Guid.NewGuid():N}"));
        var array = new SlurmArray("kit-test", folder);
        array.Write(Two, cache);
        Assert.Contains("Submitted batch job", array.Submit(), StringComparison.Ordinal);
        var until = DateTime.UtcNow.AddMinutes(5);
        while (Two.Any(experiment => cache.Find(experiment) is null))
        {
            Assert.True(DateTime.UtcNow < until, $"the array had not ended after five minutes; its outputs are in {folder}");
            Thread.Sleep(500);
        }
    }
}
