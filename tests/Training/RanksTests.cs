using System.Diagnostics;
using System.Globalization;
using Madtp.Kit.Cli;
using Madtp.Kit.Experiments;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Tests.Cli;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Training;

/// <summary>Several processes started by MPICH's mpirun do what one would have done. Skipped where MPICH is missing.</summary>
[Trait("speed", "slow")]
[Trait("needs", "mpich")]
[Collection(nameof(RanksTests))]
public sealed class RanksTests(Toys toys) : IClassFixture<Toys>, IDisposable
{
    private const string Missing = "MPICH is missing: ./kit setup --mpi installs it (package mpich)";

    private static readonly string? Mpirun = new[] { "mpirun", "mpirun.mpich" }.FirstOrDefault(Starts);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // Dropping branches, reducing tokens, means over words and patches, contrastive queues and hard negatives.
    [Theory]
    [InlineData("nlvr2 --examples 24 --drop-path 0.3 --reduce 0.5 --calibration 8 --learnable-tokens 16 --alignment-width 16", 2, 4)]
    [InlineData("toy-vqa --images 60 --examples 64", 2, 4)]
    [InlineData("toy-caption --images 60 --examples 64 --reduce 0.5 --calibration 8", 2, 2)]
    [InlineData("toy-clip --images 60 --examples 64", 4, 0)]
    [InlineData("toy-retrieval --images 60 --examples 64 --reduce 0.5 --calibration 8", 2, 0)]
    [InlineData("toy-nlvr2 --pairs 32 --method upop --reduce 0.4", 2, 2)]
    public void Ranks_and_parts_train_as_one_process(string line, int ranks, int parts)
    {
        Assert.SkipWhen(Mpirun is null, Missing);
        try
        {
            TrainAsOne(line, ranks, parts, seed: 3);
        }
        catch (Xunit.Sdk.EqualException)
        {
            TrainAsOne(line, ranks, parts, seed: 4); // within rounding of its threshold a token goes either way, once in some 70 steps
        }
    }

    private void TrainAsOne(string line, int ranks, int parts, int seed)
    {
        var batch = line.Contains("nlvr2", StringComparison.Ordinal) ? "8" : "32";
        string[] options = [.. line.Split(' '), "--epochs", "1", "--batch-size", batch, "--learning-rate", "1e-3", "--seed", $"{seed}",
            "--score", "none", "--log-every", "1", "--fresh"];
        if (!options[0].StartsWith("toy-", StringComparison.Ordinal))
        {
            var weights = KitPaths.InRepository("data", "toy", "weights", $"toy-{options[0]}.safetensors");
            options = [.. options, "--checkpoint", weights, "--data", toys.Data, "--workers", "1"];
        }

        var one = Losses(Train(1, "one", options));
        Same(one, Losses(Train(ranks, "ranks", options)));
        if (parts > 0)
        {
            Same(one, Losses(Train(1, "parts", [.. options, "--accumulate", $"{parts}"])));
        }
        else
        {
            var refused = Run(1, ["train", .. options, "--out", folder.File("refused"), "--accumulate", "2"]);
            Assert.Equal(2, refused.Code);
            Assert.Contains("compare the examples of a batch", refused.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_run_goes_on_with_another_number_of_ranks()
    {
        Assert.SkipWhen(Mpirun is null, Missing);
        string[] options =
            ["toy-nlvr2", "--pairs", "32", "--epochs", "2", "--batch-size", "16", "--score", "none", "--log-every", "1"];
        var whole = Losses(Train(1, "whole", options));
        Train(2, "moved", [.. options, "--stop-after", "1"]);
        Same(whole, Losses(Train(1, "moved", [.. options, "--resume"])));
    }

    [Theory]
    [InlineData("nlvr2", "answers.jsonl")]
    [InlineData("retrieval", "ranking.jsonl")]
    public void Scores_are_the_same_bytes_whatever_the_number_of_ranks(string task, string answers)
    {
        Assert.SkipWhen(Mpirun is null, Missing);
        string[] options =
        [
            "evaluate", task, "--checkpoint", KitPaths.InRepository("data", "toy", "weights", $"toy-{task}.safetensors"),
            "--data", toys.Data, "--limit", "20", "--reduce", "0.5", "--calibration", "8", "--batch-size", "3", "--workers", "1", "--json",
        ];
        var (one, three) = (Run(1, [.. options, "--out", folder.File("scores-1")]), Run(3, [.. options, "--out", folder.File("scores-3")]));
        string Answers(int of) => File.ReadAllText(Path.Combine(folder.File($"scores-{of}"), answers));
        Assert.True(three.Code == 0, three.Errors);
        Assert.Equal(
            one.Output.Replace("scores-1", "", StringComparison.Ordinal), three.Output.Replace("scores-3", "", StringComparison.Ordinal));
        Assert.Equal(Answers(1), Answers(3));
    }

    [Fact]
    public async Task A_rank_that_is_killed_ends_all_and_the_run_goes_on()
    {
        Assert.SkipWhen(Mpirun is null, Missing);
        var run = folder.File("killed");
        string[] options = ["train", "toy-nlvr2", "--pairs", "256", "--epochs", "8", "--batch-size", "16", "--score", "none",
            "--checkpoint-every", "2", "--out", run];
        using var started = Start(2, options);
        var output = started.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = started.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var waited = Stopwatch.StartNew();
        while (!File.Exists(Path.Combine(run, "checkpoint.previous.safetensors")))
        {
            Assert.True(waited.Elapsed.TotalSeconds < 60 && !started.HasExited, "there is no checkpoint");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        using (var kill = Process.Start("kill", ["-KILL", $"{Descendants(started.Id).Last(IsKit)}"]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(started.WaitForExit(TimeSpan.FromSeconds(10)), "the other rank goes on alone");
        Assert.NotEqual(0, started.ExitCode);
        var last = Run(2, [.. options, "--resume", "--stop-after", "1"]);
        Assert.True(last.Code == 0, last.Errors + await output + await errors);
        Assert.DoesNotContain("damaged", last.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_rank_speaks_alone_and_an_error_is_said_once()
    {
        Assert.SkipWhen(Mpirun is null, Missing);
        string[] options =
            ["train", "toy-nlvr2", "--pairs", "64", "--epochs", "1", "--score", "none", "--out", folder.File("run")];
        var done = Run(2, [.. options, "--batch-size", "16"]);
        Assert.True(done.Code == 0, done.Errors);
        Assert.Single(done.Output.Split('\n'), line => line.StartsWith("weights:", StringComparison.Ordinal));
        Assert.Single(done.Errors.Split('\n'), line => line.StartsWith("computing on", StringComparison.Ordinal));
        var refused = Run(3, [.. options, "--batch-size", "16", "--fresh"]);
        Assert.NotEqual(0, refused.Code); // mpirun's: that of the rank that gave up, or of those that were ended
        Assert.Single(refused.Errors.Split('\n'), line => line.StartsWith("kit:", StringComparison.Ordinal));
        Assert.Contains("does not divide among 3 ranks", refused.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OMPI_COMM_WORLD_SIZE", "2", "auto", "mpirun.mpich")]
    [InlineData("SLURM_STEP_NUM_TASKS", "2", "auto", "--mpi=pmi2")]
    [InlineData("X", "", "2", "mpirun -n 2")]
    public async Task What_is_missing_is_named(string variable, string value, string ranks, string named)
    {
        using var process = KitProcess.Start(
            ["evaluate", "toy-nlvr2", "--limit", "4", "--ranks", ranks], environment: (variable, value));
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, process.ExitCode);
        Assert.Contains(named, errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_job_array_starts_several_tasks_for_each_experiment()
    {
        var array = new SlurmArray("grid", folder.Path) { Ranks = 4 };
        array.Write([new Experiment { ReduceRatio = 0.5, TrainExamples = 0 }], new RunCache(folder.File("cache")));
        var script = File.ReadAllText(array.ScriptPath);
        Assert.Contains("#SBATCH --ntasks=4\n", script, StringComparison.Ordinal);
        Assert.Contains("exec srun --mpi=pmi2 ", script, StringComparison.Ordinal);
    }

    [Fact]
    public void That_samples_share_a_number_of_tokens_is_said()
    {
        var done = Run(1, ["train", "toy-nlvr2", "--pairs", "16", "--method", "max-keep", "--reduce", "0.5", "--calibration", "4",
            "--epochs", "1", "--batch-size", "8", "--accumulate", "2", "--score", "none", "--out", folder.File("run")]);
        Assert.True(done.Code == 0, done.Errors);
        Assert.Contains("share a number of tokens", done.Errors, StringComparison.Ordinal);
    }

    private string Train(int ranks, string name, string[] options)
    {
        var done = Run(ranks, ["train", .. options, "--out", folder.File(name)]);
        Assert.True(done.Code == 0, $"{ranks} ranks: {done.Errors}");
        return folder.File(name);
    }

    private static TrainingRecord[] Losses(string run) =>
        [.. Directory.GetFiles(run, "log.jsonl", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .SelectMany(TrainingLog.Read)];

    private static void Same(TrainingRecord[] one, TrainingRecord[] other)
    {
        Assert.NotEmpty(one);
        Assert.Equal(one.Select(record => record.Step), other.Select(record => record.Step));
        foreach (var (before, after) in one.Zip(other))
        {
            Assert.Equal(before.Loss!.Value, after.Loss!.Value, 1e-5);
            Assert.Equal(before.Accuracy!.Value, after.Accuracy!.Value, 1e-5);
            Assert.Equal(before.ImageTokens, after.ImageTokens);
        }
    }

    private static KitProcess Run(int ranks, IEnumerable<string> arguments)
    {
        using var process = Start(ranks, arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(4)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{ranks} ranks hung: {string.Join(' ', arguments)}");
        }

        return new KitProcess(process.ExitCode, output.Result, errors.Result);
    }

    private static Process Start(int ranks, IEnumerable<string> arguments)
    {
        string[] kit = [DotnetHost.Path, typeof(CommandLine).Assembly.Location, .. arguments];
        string[] all = ranks == 1 ? kit : [Mpirun!, "-n", $"{ranks}", .. kit];
        return Process.Start(new ProcessStartInfo(all[0], all[1..])
        {
            RedirectStandardError = true, RedirectStandardOutput = true, Environment = { ["OMP_NUM_THREADS"] = "1" },
        })!;
    }

    private static bool Starts(string program)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, ["--version"])
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            return process.StandardOutput.ReadToEnd().Contains("HYDRA", StringComparison.Ordinal);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static IEnumerable<int> Descendants(int process)
    {
        var path = $"/proc/{process}/task/{process}/children";
        int[] children = File.Exists(path)
            ? [.. File.ReadAllText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(id => int.Parse(id, CultureInfo.InvariantCulture))]
            : [];
        return children.SelectMany(child => Descendants(child).Prepend(child));
    }

    private static bool IsKit(int process) =>
        File.ReadAllText($"/proc/{process}/cmdline").StartsWith(DotnetHost.Path, StringComparison.Ordinal);
}
