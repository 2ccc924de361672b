using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;

namespace Madtp.Kit.Benchmarks;

/// <summary>
/// Fills a full-size BLIP-NLVR2 from a file that torch.save wrote, here and in Python (torch.load and load_state_dict). Each run
/// is a process of its own, the two sides take turns, and the file is in the system's cache for both.
/// </summary>
internal static class LoadCheckpoint
{
    public const string About =
        "seconds and peak memory of loading a full-size checkpoint, beside Python's torch.load + load_state_dict";

    private static readonly string[] Types = ["float32", "float16"];

    public static int Run(string[] args)
    {
        if (args is ["--measure", var path])
        {
            Console.WriteLine(Measure(path));
            return 0;
        }

        if (!TryRead(args, out var types, out var rounds))
        {
            Console.Error.WriteLine(
                "load-checkpoint [float32] [float16] [--rounds N]: both types, in 3 rounds, unless told otherwise");
            return 2;
        }

        var folder = Path.Combine(Repository(), "artifacts", "benchmarks");
        Directory.CreateDirectory(folder);
        var shapes = Path.Combine(folder, "blip-nlvr2.json");
        WriteShapes(shapes);
        Console.WriteLine(
            $"{"file",-10} {"size",8}   {"kit s: median (range)",-26} {"peak MB",-8} {"Python s",-26} {"peak MB",-8}");
        foreach (var type in types)
        {
            var file = Path.Combine(folder, $"blip-nlvr2-{type}.pth");
            if (!File.Exists(file))
                Python("make", shapes, file, type);

            Compare(file, type, shapes, rounds);
        }

        return 0;
    }

    private static void Compare(string file, string type, string shapes, int rounds)
    {
        var size = new FileInfo(file).Length;
        Measure(file);
        var ours = new List<Sample>();
        var theirs = new List<Sample>();
        for (var round = 0; round < rounds; round++)
        {
            ours.Add(Sample.Parse(
                Start(Environment.ProcessPath!,
                [typeof(LoadCheckpoint).Assembly.Location, "load-checkpoint", "--measure", file])));
            theirs.Add(Sample.Parse(Python("measure", shapes, file, type)));
        }

        Console.WriteLine(
            $"{type,-10} {size / 1e6,5:0} MB   {Seconds(ours),-26} {Peak(ours),-8} {Seconds(theirs),-26} {Peak(theirs),-8}");
    }

    // What is asked for: names of types, all if none, and how often each side takes its turn.
    private static bool TryRead(string[] args, out string[] types, out int rounds)
    {
        rounds = 3;
        var at = Array.IndexOf(args, "--rounds");
        var isRead = at < 0 || (at + 1 < args.Length && int.TryParse(args[at + 1], CultureInfo.InvariantCulture, out rounds)
            && rounds > 0);
        string[] named = at < 0 ? args : [.. args[..at], .. args.Skip(at + 2)];
        types = named.Length == 0 ? Types : named;
        return isRead && types.All(Types.Contains);
    }

    private static string Seconds(List<Sample> samples)
    {
        double[] sorted = [.. samples.Select(sample => sample.Seconds).Order()];
        var median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        return $"{median:0.00} ({sorted[0]:0.00} … {sorted[^1]:0.00})";
    }

    private static string Peak(List<Sample> samples) => $"{samples.Max(s => s.PeakBytes) / 1e6:0}";

    private static string Measure(string path)
    {
        using var model = new BlipNlvr(BlipConfig.Nlvr2);
        var clock = Stopwatch.StartNew();
        var report = CheckpointLoader.Load(model, path).RequireComplete();
        var seconds = clock.Elapsed.TotalSeconds;
        return string.Create(CultureInfo.InvariantCulture, $"{seconds} {PeakBytes()} {report.Loaded.Count}");
    }

    // The highest resident memory of this process, everything counted: runtime, libtorch, model, and pages of the file if any
    // were mapped.
    private static long PeakBytes() => 1024 * long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal))
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private static void WriteShapes(string path)
    {
        using var model = new BlipNlvr(BlipConfig.Nlvr2);
        File.WriteAllText(path,
            JsonSerializer.Serialize(
            model.state_dict().ToDictionary(
            t => t.Key, t => new { shape = t.Value.shape, whole = t.Value.dtype == TorchSharp.torch.ScalarType.Int64 })));
    }

    private static string Python(params string[] arguments) =>
        Start(File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3",
            [Path.Combine(Repository(), "benchmarks", "load_checkpoint.py"), .. arguments]);

    private static string Start(string program, string[] arguments)
    {
        // The kit's threads sleep while they wait; without this Python's would spin, and lose seconds wherever other work wants
        // the processors.
        var info = new ProcessStartInfo(
            program, arguments) { RedirectStandardOutput = true, Environment = { ["OMP_WAIT_POLICY"] = "PASSIVE" } };
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException(
            $"{program} {arguments[0]} failed (python3-torch must be installed to compare)");
    }

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Madtp.Kit.csproj")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new DirectoryNotFoundException("run it from the repository's artifacts folder");
        }

        return folder;
    }

    private sealed record Sample(double Seconds, long PeakBytes)
    {
        public static Sample Parse(string line)
        {
            var words = line.Trim().Split(' ');
            return new Sample(double.Parse(words[0], CultureInfo.InvariantCulture),
                long.Parse(words[1], CultureInfo.InvariantCulture));
        }
    }
}
