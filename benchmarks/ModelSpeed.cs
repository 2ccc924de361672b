using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Cost;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Benchmarks;

/// <summary>
/// Full-size models with seeded random weights: the plain model, at half and at a fifth of its multiply-accumulates, in several
/// precisions and batches; in the same turns the largest matrix products that this machine reaches, so that every row has its
/// share of them.
/// </summary>
internal sealed class ModelSpeed(string name, string about, Func<SpeedOptions, SpeedTask> open)
{
    private static readonly double[] Shares = [0.5, 0.2]; // of the plain model's multiply-accumulates

    public static IReadOnlyList<ModelSpeed> All { get; } =
    [
        new("nlvr2", "BLIP NLVR2, a pair of images of 384² and a statement", SpeedTask.Nlvr2),
        new("clip", "CLIP ViT-B/16, an image of 224² and a text", SpeedTask.Clip),
        new("caption", "BLIP captioning, an image of 384² and three beams; beside it decoding that recomputes",
            SpeedTask.Caption),
        new("rerank", "BLIP re-ranking, an image of 384² read by 64 texts; beside it reading each pair alone", SpeedTask.Rerank),
    ];

    public string Name => name;

    public string About =>
        $"{about}: plain, half and a fifth of the MACs, float32 and bfloat16 (--batch 1,4 --method NAME --json FILE "
            + "--onnx FILE --python CHECKOUT; --trace for what each block makes)";

    public int Run(string[] arguments)
    {
        var options = new SpeedOptions(arguments);
        var device = ComputeDevice.Of(options.Device);
        manual_seed(1);
        using var off = inference_mode();
        using var task = open(options);
        if (options.Weights is { } weightsFile)
        {
            SafetensorsWriter.Write(weightsFile, task.ImageEncoder().state_dict());
            Console.WriteLine(
                $"the image encoder's weights: {weightsFile}; benchmarks/export_onnx.py makes an ONNX file of them");
            return 0;
        }

        using var weights = new PreparedWeights();
        Console.WriteLine($"{about}; random weights, {options.Method}, computing on {ComputeDevice.Describe(device)}");
        List<SpeedRow> rows = [];
        foreach (var batch in options.Batches)
        {
            task.Begin(batch, device, options.Onnx);
            PruningSetting?[] settings = [
                null, .. Shares.Select(share => Methods.Of(options.Method).Pruning!.Calibrate(task.ShareOf, share))];
            if (options.Trace)
            {
                BlockTrace.Print(task, settings);
                continue;
            }

            var shares = settings.Select(setting => setting is null ? 1 : task.ShareOf(setting)).ToArray();
            var work = (
                from precision in options.Precisions
                from index in Enumerable.Range(0, settings.Length)
                select (Row: new SpeedRow(
                    settings[index]?.Name ?? "plain", precision, batch, shares[index], task.Macs * batch * shares[index]),
                    Pass: (Action)(() => Pass(task, precision, settings[index], weights)))).ToList();
            work.AddRange(task.Others.Select(other => (
                new SpeedRow(other.Name, "float32", batch, 1, other.Macs * batch),
                (Action)(() => Prepared("float32", weights, other.Pass)))));
            using var authors = options.Python is { } checkout ? task.Authors(checkout) : null;
            if (authors is not null)
                work.AddRange(ByAuthors(task, authors, batch));

            var peaks = options.Precisions.Select(precision => Peak.Of(precision, device)).ToArray();
            var products = peaks.Select(peak => (Action)peak.Pass).ToList();
            if (authors is not null)
                products.Add(authors.Product);

            var times = TurnTiming.Measure([.. products, .. work.Select(each => each.Pass)],
                options.Seconds, leastRounds: options.Rounds, mostRounds: Math.Max(50, options.Rounds));
            var reached = peaks.Zip(times, (peak, time) => (peak.Precision, Rate: peak.Macs / time.Median / 1e6))
                .ToDictionary(each => each.Precision, each => each.Rate);
            foreach (var (precision, rate) in reached)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"batch {batch}: matrix products reach {2 * rate:0} GFLOP/s in {precision}"));
            }

            if (authors is not null)
            {
                var rate = Peak.OneProduct / times[peaks.Length].Median / 1e6;
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"batch {batch}: and {2 * rate:0} GFLOP/s in the authors' PyTorch"));
            }

            rows.AddRange(work.Zip(
                times.Skip(products.Count),
                (each, time) => each.Row with { Time = time,
                OfPeak = each.Row.Macs / time.Median / 1e6 / reached[each.Row.Precision] }));
        }

        if (options.Trace)
            return 0;

        Print(rows);
        if (options.Json is { } file)
            File.WriteAllText(file, JsonSerializer.Serialize(rows, JsonSerializerOptions.Web));

        return 0;
    }

    // Their policy at the temperatures that leave these shares: the same weights and inputs give the same answers there.
    private static IEnumerable<(SpeedRow, Action)> ByAuthors(SpeedTask task, AuthorsModel authors, int batch)
    {
        var released = Methods.Of("MADTP (released)").Pruning!;
        Say(null);
        yield return (new SpeedRow("authors' code, plain", "float32", batch, 1, task.Macs * batch), () => authors.Pass(0));
        foreach (var wanted in Shares)
        {
            var setting = released.Calibrate(task.ShareOf, wanted);
            var share = task.ShareOf(setting);
            Say(setting);
            yield return (new SpeedRow("authors' code", "float32", batch, share, task.Macs * batch * share),
                () => authors.Pass(setting.Strength));
        }

        void Say(PruningSetting? setting) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"batch {batch}: the authors' logits differ from the kit's by {task.Difference(authors, setting):0.0e+0} at most, ")
                + (setting is null ? "plain" : string.Create(CultureInfo.InvariantCulture, $"at T = {setting.Strength:0.###}")));
    }

    private static void Pass(SpeedTask task, string precision, PruningSetting? setting, PreparedWeights weights)
    {
        using var scope = NewDisposeScope();
        using var attached = setting?.Attach(task.Model);
        Prepared(precision, weights, task.Pass);
    }

    private static void Prepared(string precision, PreparedWeights weights, Action pass)
    {
        ComputeDevice.AllowTf32(precision == "tf32");
        using var mixed = MixedPrecision.Begin(precision == "bfloat16", weights);
        pass();
    }

    private static void Print(IReadOnlyList<SpeedRow> rows)
    {
        Console.WriteLine(
            $"{"model",-24} {"precision",-9} {"batch",5} {"MACs %",7} {"ms an example (least to most)",32} {"times faster",13} "
                + $"{"of ideal %",10} {"of peak %",10}");
        foreach (var row in rows)
        {
            var plain = rows.First(one => one.Batch == row.Batch && one.Precision == row.Precision);
            var (first, time) = (rows.First(one => one.Batch == row.Batch), row.Time!);
            var isPart = row.Macs < 0.999 * row.Share * plain.Macs; // of the model: not to be compared with the whole
            var (faster, ideal) = isPart ? ("", "") : (
                Text($"{first.Time!.Median / time.Median:0.00}"),
                    Text($"{100 * plain.Time!.Median * row.Share / time.Median:0}"));
            var (median, least, most) = (time.Median / row.Batch, time.Least / row.Batch, time.Most / row.Batch);
            Console.WriteLine(Text($"{row.Name,-24} {row.Precision,-9} {row.Batch,5} {100 * row.Share,7:0.0} ")
                + Text($"{median,12:0.00} ({least,7:0.00} to {most,7:0.00}) {faster,13} {ideal,10} {100 * row.OfPeak,10:0}"));
        }

        static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>One measured model. Times are milliseconds of a batch.</summary>
internal sealed record SpeedRow(string Name, string Precision, int Batch, double Share, double Macs)
{
    public Timing? Time { get; init; }

    public double OfPeak { get; init; }
}

/// <summary>The largest matrix products of a precision: what a feed-forward part of ViT-B multiplies.</summary>
internal sealed class Peak
{
    private const int Repeats = 8;

    private readonly Tensor left;
    private readonly Tensor right;

    private Peak(string precision, ScalarType type, Device device)
    {
        Precision = precision;
        left = randn(2304, 768, device: device).to(type);
        right = randn(768, 3072, device: device).to(type);
    }

    public string Precision { get; }

    /// <summary>Multiply-accumulates of one of them.</summary>
    public static double OneProduct => 2304.0 * 768 * 3072;

    public double Macs => Repeats * OneProduct;

    public static Peak Of(string precision, Device device) =>
        new(precision, precision == "bfloat16" ? bfloat16 : float32, device);

    public void Pass()
    {
        using var scope = NewDisposeScope();
        ComputeDevice.AllowTf32(Precision == "tf32");
        for (var repeat = 0; repeat < Repeats; repeat++)
            left.mm(right);

        left.select(0, 0).select(0, 0).cpu(); // waits for a GPU
    }
}

/// <summary>What a person may say.</summary>
internal sealed class SpeedOptions(string[] arguments)
{
    public string Device => Option("--device", ComputeDevice.Auto);

    public string Method => Option("--method", "MADTP");

    public int Rounds => Number("--rounds", 7);

    public double Seconds => Number("--seconds", 10);

    public int Image => Number("--image", 0);

    public int Layers => Number("--layers", 12);

    public string[] Precisions => Option("--precision", "float32,bfloat16").Split(',');

    public int[] Batches => BatchesOr("1,4");

    public bool Trace => arguments.Contains("--trace");

    public string? Weights => Option("--weights", string.Empty) is { Length: > 0 } file ? file : null;

    public string? Onnx => Option("--onnx", string.Empty) is { Length: > 0 } file ? file : null;

    public string? Python => Option("--python", string.Empty) is { Length: > 0 } folder ? folder : null;

    public string? Json => Option("--json", string.Empty) is { Length: > 0 } file ? file : null;

    public int[] BatchesOr(string otherwise) =>
        [.. Option("--batch", otherwise).Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))];

    private int Number(string option, int otherwise) =>
        int.Parse(Option(option, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

    private string Option(string option, string otherwise)
    {
        var at = Array.IndexOf(arguments, option);
        return at >= 0 && at + 1 < arguments.Length ? arguments[at + 1] : otherwise;
    }
}
