using System.Diagnostics;
using System.Globalization;
using Madtp.Kit.Data;
using Madtp.Kit.Tests.Cli;
using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Training;

/// <summary>
/// Trainings in processes of their own, killed without warning: at random moments, and while they write a checkpoint.
/// <c>KIT_KILLS=100</c> kills so many times, in as many runs as that takes.
/// </summary>
[Trait("speed", "slow")]
[Collection(nameof(KilledTrainingTests))]
public sealed class KilledTrainingTests : IDisposable
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("KIT_KILLS") ?? "4", CultureInfo.InvariantCulture);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("--epochs", "2")]
    [InlineData("--epochs", "1", "--method", "upop", "--reduce", "0.4")]
    public void ATrainingKilledAnywhereEndsWithTheSameBytes(params string[] options)
    {
        var whole = Path.Combine(folder.Path, "whole");
        using (var process = Start(whole, options))
            Assert.Equal(0, Ended(process));

        var random = new SeededRandom(17);
        var (kills, inTheMiddleOfWriting, runs) = (0, 0, 0);
        while (kills < Kills)
        {
            var killed = Path.Combine(folder.Path, $"killed-{runs++}");
            for (var isDone = false; kills < Kills && !isDone;)
            {
                using var process = Start(killed, [.. options, "--resume"]);
                var after = (kills % 3) switch
                {
                    0 => (TimeSpan?)null, // when it begins to write a checkpoint
                    1 => TimeSpan.FromMilliseconds(random.NextDouble(0, 600)),
                    _ => TimeSpan.FromMilliseconds(-random.NextDouble(0, 3000)), // from its start on, whatever it does
                };
                isDone = !KillWhen(process, killed, after); // a fast machine was done before
                kills += isDone ? 0 : 1;
                inTheMiddleOfWriting += Directory.EnumerateFiles(killed, "*.part", SearchOption.AllDirectories).Any() ? 1 : 0;
            }

            using var last = Start(killed, [.. options, "--resume"]);
            Assert.Equal(0, Ended(last));
            Assert.Equal(File.ReadAllBytes(Path.Combine(whole, Run.WeightsName)), File.ReadAllBytes(Path.Combine(killed, Run.WeightsName)));
            Assert.Empty(Directory.EnumerateFiles(killed, "*.part", SearchOption.AllDirectories));
        }

        TestContext.Current.SendDiagnosticMessage($"{kills} kills in {runs} runs, {inTheMiddleOfWriting} while a checkpoint was written");
        Assert.True(kills > 1 && runs < kills, "the training was done before it was killed twice");
        Assert.True(inTheMiddleOfWriting > 0, "no kill fell into the writing of a checkpoint; the test must see one");
    }

    /// <summary>
    /// Kills the process some time after its next checkpoint, or (a negative time) after its start, or at the moment that it begins to
    /// write one; false where it ended by itself.
    /// </summary>
    private static bool KillWhen(Process process, string run, TimeSpan? afterACheckpoint)
    {
        if (afterACheckpoint < TimeSpan.Zero)
        {
            process.WaitForExit(-afterACheckpoint.Value);
            process.Kill();
            process.WaitForExit();
            return process.ExitCode != 0;
        }

        using var seen = new ManualResetEventSlim();
        using var watcher = new FileSystemWatcher(run) { IncludeSubdirectories = true };
        if (afterACheckpoint is null)
            watcher.Created += (_, e) => Kill(e.Name!.EndsWith(".part", StringComparison.Ordinal) && e.Name.Contains("checkpoint", StringComparison.Ordinal));
        else
            watcher.Renamed += (_, e) => Seen(e.Name!.EndsWith("checkpoint.safetensors", StringComparison.Ordinal));

        watcher.EnableRaisingEvents = true;
        for (var waited = Stopwatch.StartNew(); !seen.Wait(TimeSpan.FromMilliseconds(100)) && !process.HasExited;)
            Assert.True(waited.Elapsed < Patience, "the training wrote no checkpoint");

        if (afterACheckpoint is { } time)
        {
            process.WaitForExit(time);
            process.Kill();
        }

        process.WaitForExit();
        return process.ExitCode != 0;

        void Kill(bool now)
        {
            if (now)
            {
                process.Kill();
                seen.Set();
            }
        }

        void Seen(bool now)
        {
            if (now)
                seen.Set();
        }
    }

    private static int Ended(Process process)
    {
        process.BeginOutputReadLine();
        var errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
            Assert.Fail("the training took too long");
        }

        Assert.True(process.ExitCode == 0, errors.Result);
        return process.ExitCode;
    }

    private static Process Start(string folder, string[] options)
    {
        Directory.CreateDirectory(folder);
        string[] small = ["--pairs", "160", "--batch-size", "8", "--checkpoint-every", "1", "--out", folder];
        return KitProcess.Start(["train", "toy-nlvr2", .. small, .. options]);
    }
}
