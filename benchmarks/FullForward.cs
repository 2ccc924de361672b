using System.Globalization;
using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Benchmarks;

/// <summary>
/// A full-size BLIP-NLVR2 (ViT-B/16 at 384², BERT-base) answers batches of pairs, plain and with half of its multiply-accumulates
/// taken away. Weights and images are random, for time does not ask what they mean; each precision's candidates take turns.
/// </summary>
internal static class FullForward
{
    public const string About = "a full-size BLIP-NLVR2, plain and at -50%: ms a pair by batch and precision (--device, --seconds, --image)";

    private const double Share = 0.5;
    private const int Words = 20; // with [ENC] and [SEP]; NLVR2's mean
    private static readonly int[] Batches = [1, 4, 16];

    public static int Run(string[] arguments)
    {
        var device = ComputeDevice.Of(Option(arguments, "--device", ComputeDevice.Auto));
        var seconds = double.Parse(Option(arguments, "--seconds", "5"), CultureInfo.InvariantCulture);
        var image = int.Parse(Option(arguments, "--image", "384"), CultureInfo.InvariantCulture);
        var most = int.Parse(Option(arguments, "--batch", "16"), CultureInfo.InvariantCulture);
        Console.WriteLine($"computing on {ComputeDevice.Describe(device)}, images of {image}²");
        manual_seed(1);
        using var off = inference_mode();
        using var model = new BlipNlvr(BlipConfig.Nlvr2 with { Vision = VisionTransformerConfig.Base(image), Contrastive = null });
        model.to(device);
        model.eval();
        var batches = Batches.Where(size => size <= most).ToDictionary(size => size, size => new Pairs(size, image, device));
        var costs = RunCosts.Of(model);
        double ShareOf(PruningSetting setting)
        {
            using var scope = NewDisposeScope();
            using var attached = setting.Attach(model);
            using var trace = attached.Record();
            var pairs = batches.Values.Last();
            model.Forward(pairs.Images, pairs.Ids, pairs.Mask);
            return costs.Shares(trace, pairs.Lengths).Average();
        }

        PruningSetting?[] settings = [null, Calibrated(PruningMethod.Madtp), Calibrated(Methods.Of("STP").Pruning!)];
        PruningSetting Calibrated(PruningMethod method) => method.Calibrate(ShareOf, Share);
        string[] names = [.. settings.Select(one => one is null ? "plain" : FormattableString.Invariant($"{one.Name} at {100 * ShareOf(one):0.0}%"))];
        Console.WriteLine($"{"precision",-10} {"pairs",5}   {string.Join("   ", names.Select(name => $"{name,20}"))}   ms a pair (times faster than plain)");
        foreach (var precision in new[] { "float32", "tf32", "bfloat16" }.Where(name => name == "float32" || device.type != DeviceType.CPU))
        {
            ComputeDevice.AllowTf32(precision == "tf32");
            using var mixed = MixedPrecision.Begin(precision == "bfloat16");
            foreach (var (size, pairs) in batches)
            {
                var times = TurnTiming.Medians([.. settings.Select(setting => new Action(() => Pass(model, pairs, setting)))], seconds);
                var cells = times.Select(time => string.Create(CultureInfo.InvariantCulture, $"{time / size,12:0.00} ({times[0] / time:0.00}x)"));
                Console.WriteLine($"{precision,-10} {size,5}   {string.Join("   ", cells.Select(cell => $"{cell,20}"))}");
            }
        }

        return 0;
    }

    private static void Pass(BlipNlvr model, Pairs pairs, PruningSetting? setting)
    {
        using var scope = NewDisposeScope();
        using var attached = setting?.Attach(model);
        model.Forward(pairs.Images, pairs.Ids, pairs.Mask).Logits.cpu(); // waits for a GPU
    }

    private static string Option(string[] arguments, string name, string otherwise)
    {
        var at = Array.IndexOf(arguments, name);
        return at >= 0 && at + 1 < arguments.Length ? arguments[at + 1] : otherwise;
    }

    // Left images first, then the right ones: smooth spots, so that patches differ.
    private sealed class Pairs(int size, int image, Device device)
    {
        public Tensor Images { get; } =
            nn.functional.interpolate(randn(2 * size, 3, 12, 12), [image, image], mode: InterpolationMode.Bicubic, align_corners: false).to(device); // [2B, 3, H, W]

        public Tensor Ids { get; } = randint(1000, 30000, [size, Words], dtype: int64).to(device); // [B, N]

        public Tensor Mask { get; } = ones([size, Words], dtype: int64).to(device);

        public int[] Lengths { get; } = [.. Enumerable.Repeat(Words, size)];
    }
}
