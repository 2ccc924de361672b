using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Madtp.Kit.Cli;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Tests.Data;
using Madtp.Kit.Tests.Tasks;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

/// <summary>Trainings and scorings as a user begins, repeats and interrupts them: in processes of their own.</summary>
[Collection(nameof(InterruptedVerbTests))]
public sealed class InterruptedVerbTests(Toys toys) : IClassFixture<Toys>, IDisposable
{
    private static readonly string Weights = KitPaths.InRepository("data", "toy", "weights", "toy-caption.safetensors");
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_a_run_has_left_is_neither_gone_on_with_nor_thrown_away_unasked()
    {
        var (run, scored) = (Path.Combine(folder.Path, "run"), Path.Combine(folder.Path, "scored"));
        string[] train =
        [
            "train", "caption", "--checkpoint", Weights, "--data", toys.Data, "--epochs", "1",
            "--batch-size", "8", "--examples", "16", "--watch", "2", "--score", "none", "--out", run,
        ];
        Agrees(train, Path.Combine(run, "weights.safetensors"));
        string[] evaluate =
        [
            "evaluate", "caption", "--checkpoint", Path.Combine(run, "weights.safetensors"), "--data", toys.Data, "--limit", "2",
            "--out", scored,
        ];
        Agrees(evaluate, Path.Combine(scored, "answers.jsonl"));

        static void Agrees(string[] command, string result)
        {
            var first = KitProcess.Run(command);
            Assert.True(first.Code == 0, first.Errors);
            var bytes = File.ReadAllBytes(result);
            var again = KitProcess.Run(command);
            Assert.Equal(2, again.Code);
            Assert.Contains("--resume", again.Errors, StringComparison.Ordinal);
            Assert.Contains("--fresh", again.Errors, StringComparison.Ordinal);
            Assert.Equal(bytes, File.ReadAllBytes(result));
            foreach (var option in new[] { "--resume", "--fresh" })
            {
                var run = KitProcess.Run([.. command, option]);
                Assert.True(run.Code == 0, run.Errors);
                Assert.Equal(bytes, File.ReadAllBytes(result));
            }
        }
    }

    // The reduce ratio is the share taken away in every verb: at 0.3 more than half of the multiply-accumulates are left.
    [Fact]
    public void Evaluate_takes_the_ratio_away()
    {
        var scores = KitProcess.Run(
            "evaluate", "toy-clip", "--images", "1200", "--reduce", "0.3", "--limit", "40", "--calibration", "40", "--json").Json;
        Assert.InRange(scores.GetProperty("macs").GetDouble() / scores.GetProperty("plain_macs").GetDouble(), 0.62, 0.78);
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public void A_signal_stops_it_where_it_can_go_on(string signal, int code)
    {
        var run = Path.Combine(folder.Path, "run");
        using var process = KitProcess.Start(
        [
            "train", "caption", "--checkpoint", Weights, "--data", toys.Data, "--epochs", "100000",
            "--batch-size", "8", "--checkpoint-every", "20", "--watch", "1", "--out", run,
        ]);
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        Assert.True(Appears(Path.Combine(run, "log.jsonl"), process));
        KitProcess.Signal(process, signal);
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Contains($"--resume goes on from {run}", said, StringComparison.Ordinal);
        Assert.Equal(code, process.ExitCode);
        Assert.True(File.Exists(Path.Combine(run, "checkpoint.safetensors")));
    }

    // As in a terminal, which `script` stands for; Ctrl+C is a character there.
    [Fact]
    public async Task What_is_said_of_a_stop_has_a_line_of_its_own()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "there is no 'script' on this machine");
        string[] train =
        [
            DotnetHost.Path, typeof(CommandLine).Assembly.Location, "train", "toy-nlvr2", "--pairs", "240", "--batch-size", "16",
            "--epochs", "1000", "--log-every", "1", "--device", "cpu", "--out", folder.File("run"),
        ];
        using var terminal = Process.Start(new ProcessStartInfo(
            "/usr/bin/script", ["-qec", string.Join(' ', train.Select(word => $"'{word}'")), "/dev/null"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        var shown = new StringBuilder();
        var buffer = new char[4096];
        while (await terminal.StandardOutput.ReadAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var read)
        {
            var before = Steps();
            shown.Append(buffer, 0, read);
            if (before < 10 && Steps() >= 10)
            {
                await terminal.StandardInput.WriteAsync('\u0003');
                await terminal.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
            }
        }

        Assert.EndsWith($"left\u001b[K\r\nstopped; --resume goes on from {folder.File("run")}\r\n", $"{shown}", StringComparison.Ordinal);

        int Steps() => $"{shown}".Split('\r').Length;
    }

    // Which signal it is makes no other difference than its code: either is sent to some verbs, both to one.
    [Fact]
    public async Task A_signal_ends_the_drawing_of_the_toy_world()
    {
        var toy = Path.Combine(folder.Path, "toy");
        using var process = KitProcess.Start(["data", "make-toy", "--pairs", "4000", "--out", toy]);
        var said = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(Appears(Path.Combine(toy, "vocab.txt"), process));
        KitProcess.Signal(process, "TERM");
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(20)), "it goes on");
        Assert.Equal(143, process.ExitCode);
        Assert.Contains("goes on from here", await said, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(toy, "*.part", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_signal_stops_a_download_and_the_same_command_goes_on()
    {
        var photographs = Archive();
        using var server = new RudeServer((number, headers) =>
        {
            var from = headers.TryGetValue("range", out var range) ? int.Parse(range[6..^1], CultureInfo.InvariantCulture) : 0;
            return new(
                from == 0 ? "200 OK" : "206 Partial Content", number == 0 ? photographs[..4000] : photographs[from..],
                "ETag: \"one\"", $"Content-Length: {photographs.Length - from}",
                $"Content-Range: bytes {from}-{photographs.Length - 1}/{photographs.Length}")
            {
                ThenSilence = number == 0 ? TimeSpan.FromMinutes(1) : TimeSpan.Zero,
            };
        });
        // COCO's photographs come without encryption, so that a proxy may send what it will.
        string[] get = ["data", "get", "coco-images", "--data", folder.Path];
        var proxy = ("http_proxy", new Uri(server.Url).GetLeftPart(UriPartial.Authority));
        var (stopped, said) = await Run(get, proxy, process =>
        {
            var part = folder.File("coco/train2014.zip.part");
            Assert.True(Appears(part, process));
            KitProcess.Signal(process, "INT");
        });
        Assert.Equal(130, stopped);
        Assert.Contains("the same command goes on from here", said, StringComparison.Ordinal);
        var reached = new FileInfo(folder.File("coco/train2014.zip.part")).Length;
        Assert.InRange(reached, 0, 4000);
        Assert.False(File.Exists(folder.File("coco/train2014.zip")));
        await Run(get, proxy, _ => { });
        Assert.Equal(reached > 0 ? $"bytes={reached}-" : "", server.Ranges[1]);
        foreach (var name in new[] { "train2014", "val2014", "test2015" })
            Assert.Equal("a picture", File.ReadAllText(folder.File($"coco/{name}/a.jpg"))[..9]);
    }

    [Fact]
    public async Task A_signal_stops_a_scoring_which_goes_on_to_the_same_answers()
    {
        string[] Evaluate(string into, params string[] more) =>
            ["evaluate", "toy-caption", "--batch-size", "2", "--limit", "200", "--out", Path.Combine(folder.Path, into), .. more];
        var answers = folder.File("stopped/answers.jsonl");
        var (stopped, said) = await Run(Evaluate("stopped"), ("A", "B"), process =>
        {
            Assert.True(Appears(answers, process));
            KitProcess.Signal(process, "TERM");
        });
        Assert.Equal(143, stopped);
        Assert.Contains("--resume", said, StringComparison.Ordinal);
        Assert.InRange(File.ReadAllLines(answers).Length, 0, 199);
        Assert.Equal(2, KitProcess.Run(Evaluate("stopped")).Code);
        var resumed = KitProcess.Run(Evaluate("stopped", "--resume"));
        Assert.True(resumed.Code == 0, resumed.Errors);
        Assert.True(KitProcess.Run(Evaluate("whole")).Code == 0);
        foreach (var name in new[] { "answers.jsonl", "captions.json", "run.json" })
            Assert.Equal(File.ReadAllBytes(folder.File($"whole/{name}")), File.ReadAllBytes(folder.File($"stopped/{name}")));
    }

    [Fact]
    public void A_verb_that_never_looks_is_ended_by_a_signal()
    {
        using var process = KitProcess.Start(["tokenize", "bert", "--vocab", toys.File("vocab.txt")], redirectInput: true);
        Thread.Sleep(3000); // it waits for its input by now
        Assert.False(process.HasExited);
        KitProcess.Signal(process, "INT");
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(20)), "it goes on");
        Assert.Equal(130, process.ExitCode);
    }

    private static byte[] Archive()
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var name in new[] { "train2014", "val2014", "test2015" })
            {
                using var entry = archive.CreateEntry($"{name}/a.jpg", CompressionLevel.NoCompression).Open();
                entry.Write(Encoding.ASCII.GetBytes("a picture".PadRight(3000)));
            }
        }

        return bytes.ToArray();
    }

    // A verb that something is done to while it runs: its exit code, and what it said.
    private static async Task<(int Code, string Said)> Run(
        string[] command, (string Name, string Value) environment, Action<Process> meanwhile)
    {
        using var process = KitProcess.Start(command, environment: environment);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        meanwhile(process);
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)), "it goes on");
        return (process.ExitCode, await output + await errors);
    }

    private static bool Appears(string file, Process process)
    {
        for (var tries = 0; tries < 600 && !process.HasExited && !File.Exists(file); tries++)
            Thread.Sleep(100);

        return File.Exists(file);
    }
}
