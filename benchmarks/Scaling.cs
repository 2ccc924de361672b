using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Kernel.Execution;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using SkiaSharp;

namespace Madtp.Kit.Benchmarks;

/// <summary>
/// What a training costs on one rank and on two, and what that foretells of more: one machine measures, the formula is said.
/// </summary>
internal static class Scaling
{
    public const string About = "one rank with two threads beside two ranks with one; what that foretells of 8 and 64 GPUs";

    private const int Warm = 3; // steps before the clock starts
    private const int Batch = 32;
    private const int PerGpu = 16; // the paper's NLVR2 batch of each GPU
    private const double TrainingPasses = 3; // forward once, backward twice as much

    /// <summary>What one of a run's steps took, in seconds, and the bytes that a rank gave to be summed.</summary>
    private sealed record Measured(double Step, double Communication, double Data, double Bytes);

    public static int Run(string[] arguments)
    {
        if (arguments is ["--worker", var steps, var given])
            return Work(int.Parse(steps, CultureInfo.InvariantCulture), given);

        // Milliseconds that a GPU takes for the forward pass of a pair: the README's, of an H100 in bfloat16 and in float32.
        double[] passes = arguments is ["--pass-ms", var said]
            ? [double.Parse(said, CultureInfo.InvariantCulture)] : [1.30, 6.67];
        var data = KitFolder.File("data", "toy");
        if (!File.Exists(Path.Combine(data, "nlvr2", "stamp.json")))
            throw new IOException($"'{data}' has no toy world to read: ./kit data make-toy draws it");

        Console.WriteLine($"toy NLVR2 from files, steps of {Batch} pairs, ms a step");
        Console.WriteLine("                          step   compute   data   communication   MB summed   pairs/s");
        Show("1 rank, 2 threads", Measure(1, 2, data));
        Show("2 ranks, 1 thread each", Measure(2, 1, data));
        using var model = new BlipNlvr(BlipConfig.Nlvr2 with { Contrastive = null });
        var gradients = 4.0 * model.parameters().Where(each => each.requires_grad).Sum(each => each.NumberOfElements);
        foreach (var pass in passes)
            Foretell(PerGpu * pass * TrainingPasses / 1000, gradients, pass);

        Decoding(passes);
        return 0;
    }

    private static void Show(string what, Measured one) => Console.WriteLine(
        $"{what,-22}{1000 * one.Step,8:F0}{1000 * (one.Step - one.Data - one.Communication),10:F0}{1000 * one.Data,7:F1}"
        + $"{1000 * one.Communication,16:F1}{one.Bytes / 1e6,12:F1}{Batch / one.Step,10:F1}");

    // Ring all-reduce after the backward: each rank sends and receives 2 (N − 1) / N of the gradients.
    private static void Foretell(double compute, double gradients, double pass)
    {
        Console.WriteLine(
            $"\nfull-size BLIP-NLVR2: {gradients / 1e6:F0} MB of gradients a step; {PerGpu} pairs a GPU at {pass} ms "
            + $"a pair forward: t = {1000 * compute:F0} ms to compute");
        Console.WriteLine("  foretold efficiency: t / (t + 2 (N - 1) / N · bytes / bandwidth)");
        foreach (var gigabits in new[] { 25, 200 })
        {
            var each = new[] { 8, 64 }.Select(gpus =>
            {
                var sent = 2.0 * (gpus - 1) / gpus * gradients / (gigabits * 1e9 / 8);
                return $"{gpus} GPUs {100 * compute / (compute + sent):F0} % ({1000 * sent:F0} ms)";
            });
            Console.WriteLine($"  {gigabits,3} Gbit/s: {string.Join(", ", each)}");
        }
    }

    // A photograph of COCO's size, decoded, cropped, flipped and changed by RandAugment as training does it, on one core.
    private static void Decoding(double[] passes)
    {
        using var bitmap = new SKBitmap(640, 480);
        var random = new SeededRandom(1);
        for (var i = 0; i < 640 * 480; i++)
        {
            var (x, y) = (i % 640, i / 640);
            byte Level(double wave) => (byte)Math.Clamp(128 + (90 * Math.Sin(wave)) + random.NextDouble(-12, 12), 0, 255);
            bitmap.SetPixel(x, y, new SKColor(Level(x / 31.0), Level(y / 23.0), Level((x + y) / 47.0)));
        }

        using var file = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        var (bytes, transform) = (file.ToArray(), new TrainingTransform(384));
        var (watch, images) = (Stopwatch.StartNew(), 0);
        for (; watch.Elapsed.TotalSeconds < 3; images++)
            transform.Apply(RgbImage.Decode(bytes, "photograph"), new SeededRandom((ulong)images));

        var rate = images / watch.Elapsed.TotalSeconds;
        Console.WriteLine(
            $"\nimages of 640 x 480 ({bytes.Length / 1024} KB) decoded and augmented to 384 x 384: {rate:F0} a second "
            + "and core");
        foreach (var pass in passes)
        {
            var wanted = 2 * 1000 / (pass * TrainingPasses);
            Console.WriteLine($"  a GPU that trains {wanted / 2:F0} pairs a second wants {wanted:F0} images: "
                + $"{Math.Ceiling(wanted / rate)} cores");
        }
    }

    private static Measured Measure(int ranks, int threads, string data)
    {
        string[] own = [DotnetHost.Path, typeof(Scaling).Assembly.Location, "scaling", "--worker", "12", data];
        string[] all = ranks == 1 ? own : ["mpirun", "-n", $"{ranks}", .. own];
        using var process = Process.Start(new ProcessStartInfo(all[0], all[1..])
        {
            RedirectStandardOutput = true, Environment = { ["OMP_NUM_THREADS"] = $"{threads}" },
        })!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? JsonSerializer.Deserialize<Measured>(said)!
            : throw new IOException($"{ranks} ranks ended with code {process.ExitCode}");
    }

    // A rank: trains for some steps and says what they took, the means over ranks.
    private static int Work(int steps, string data)
    {
        Ranks.Join();
        var folder = Directory.CreateTempSubdirectory("kit-scaling-");
        using var task = ModelTask.Open("nlvr2", new TaskSettings
        {
            Learns = true, Data = data, AlignmentWeight = 0, Workers = 1,
            Checkpoint = KitFolder.File("data", "toy", "weights", "toy-nlvr2.safetensors"),
        });
        using var stop = new CancellationTokenSource();
        var settings = new TrainingSettings { BatchSize = Batch, Epochs = 1000, WarmupSteps = 0, LearningRate = 1e-5 };
        var (begun, last) = (Now(), Now());
        new Trainer(task, settings, folder.FullName).Run(
            progress =>
            {
                begun = progress.Step == Warm ? Now() : begun;
                last = progress.Step <= Warm + steps ? Now() : last;
                if (progress.Step == Warm + steps)
                    stop.Cancel();
            },
            cancellation: stop.Token);
        folder.Delete(recursive: true);
        double[][] each = Ranks.Gather(last.Zip(begun, (after, before) => (after - before) / steps).ToArray());
        if (Ranks.IsFirst)
        {
            double Mean(int of) => each.Average(one => one[of]);
            Console.WriteLine(JsonSerializer.Serialize(new Measured(Mean(0), Mean(1), Mean(2), Mean(3))));
        }

        Ranks.Leave();
        return 0;
    }

    private static double[] Now() =>
        [Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency, Ranks.Seconds, ReadAhead.WaitedSeconds, Ranks.Bytes];
}
