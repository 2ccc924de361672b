using System.Diagnostics;
using System.Globalization;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Benchmarks;

/// <summary>
/// Processor time of one operator call on tiny tensors, where all of it is overhead; Python's in the next column.
/// </summary>
internal static class CallOverhead
{
    public const string About = "what one operator call costs, beside PyTorch's Python binding (--device cuda: on a GPU)";

    private const int Calls = 50_000;

    public static int Run(string[] arguments)
    {
        set_num_threads(1);
        var device = ComputeDevice.Of(arguments is ["--device", var name] ? name : "cpu");
        var rounds = device.type == TorchSharp.DeviceType.CPU ? 7 : 2;
        using var a = ones(2, 3, device: device);
        using var b = ones(2, 3, device: device);
        double Microseconds(Action call) => CallOverhead.Microseconds(call, rounds);
        using var unrecorded = no_grad();
        var here = new Dictionary<string, double>
        {
            ["a.add(b)"] = Microseconds(() => a.add(b).Dispose()),
            ["a.add_(b)"] = Microseconds(() => a.add_(b)),
            ["a + 1.5"] = Microseconds(() => (a + 1.5).Dispose()),
            ["a.view(3, 2)"] = Microseconds(() => a.view(3, 2).Dispose()),
            ["a[0]"] = Microseconds(() => a[0].Dispose()),
            ["a.sum(1)"] = Microseconds(() => a.sum(1).Dispose()),
            ["a.softmax(-1)"] = Microseconds(() => a.softmax(-1).Dispose()),
            ["cat([a, b])"] = Microseconds(() => cat([a, b]).Dispose()),
            ["a.shape"] = Microseconds(() => _ = a.shape),
        };
        var there = Python(rounds, device.type == TorchSharp.DeviceType.CPU ? "cpu" : "cuda");
        Console.WriteLine(
            $"microseconds of processor time a call, {ComputeDevice.Describe(device)}"
                + (there.Count == 0 ? "   (no PyTorch found for the comparison)" : string.Empty));
        Console.WriteLine("call              C#   Python");
        foreach (var (operation, time) in here)
        {
            var other = there.TryGetValue(operation, out var python) ? python.ToString("F2", CultureInfo.InvariantCulture) : "-";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{operation,-14} {time,6:F2}   {other,6}"));
        }

        return 0;
    }

    private static double Microseconds(Action call, int rounds)
    {
        var best = double.MaxValue;
        for (var round = 0; round < rounds; round++)
        {
            var before = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < Calls; i++)
                call();

            best = Math.Min(best, (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / Calls);
        }

        return best;
    }

    // Debian's python3-torch belongs to the system's Python, which need not be the first on the path.
    private static Dictionary<string, double> Python(int rounds, string device)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "calls.py");
        foreach (var python in new[] { "/usr/bin/python3", "python3" })
        {
            try
            {
                using var process = Process.Start(
                    new ProcessStartInfo(
                    python, [script, Calls.ToString(CultureInfo.InvariantCulture), rounds.ToString(CultureInfo.InvariantCulture),
                    device])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                })!;
                var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
                process.WaitForExit();
                if (process.ExitCode == 0)
                {
                    return lines.Select(line => line.Split('\t'))
                        .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture));
                }
            }
            catch (System.ComponentModel.Win32Exception)
            {
                continue;
            }
        }

        return [];
    }
}
