using System.Text.Json;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit checkpoint FILE</c>: what a file of weights holds, and which model it fits.</summary>
internal static class CheckpointVerb
{
    private static readonly JsonSerializerOptions Json =
        new(Terminal.Indented) { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private const int LongestName = 100; // in a table
    private const int LongestValue = 1000;

    public static Verb Create()
    {
        var verb = new Verb(
            "checkpoint", "Show a checkpoint's tensors, what stands beside them, and which models they fit.",
            "./kit checkpoint data/toy/weights/toy-clip.safetensors");
        var path = verb.Argument<string>(
            "FILE", "Weights: safetensors, torch.save's (new or old) or TorchScript.", ArgumentArity.ExactlyOne);
        var json = verb.Option<bool>("--json", "Print one JSON object.");
        var weights = verb.Option<string?>("--weights", "The key that the weights lie under, where the file has several.", "KEY");
        verb.SetAction(parsed =>
        {
            using var file = CheckpointFile.Open(parsed.GetRequiredValue(path));
            var report = Of(file, parsed.GetValue(weights));
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                output.WriteLine(JsonSerializer.Serialize(report, Json));
            else
                Print(report, output);
        });
        return verb;
    }

    private static Report Of(CheckpointFile file, string? weights)
    {
        var (fits, misfits) = Fits(file, weights);
        return new Report(
            file.Path, $"{file.Format}", file.Length, fits, misfits, [.. file.Tensors.Select(Row)], file.Unread,
            file.Values.Select(one => KeyValuePair.Create(one.Key, one.Value is byte[] bytes ? $"{bytes.Length} bytes"
                : $"{one.Value ?? "None"}")).Concat(file.Metadata)
                .ToDictionary(one => one.Key, one => Cut(one.Value, LongestValue)));
    }

    private static string Cut(string text, int most = LongestName) =>
        text.Length <= most ? text : $"{text[..(most - (char.IsHighSurrogate(text[most - 1]) ? 1 : 0))]}…";

    private static TensorRow Row(TensorEntry entry)
    {
        using var scope = NewDisposeScope();
        var numbers = entry.ToTensor(entry.Type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32
            ? ScalarType.Float32 : ScalarType.Float64);
        var finite = numbers.masked_select(numbers.isfinite());
        var hasFinite = finite.NumberOfElements > 0;
        return new TensorRow(
            entry.Name, $"{entry.Type}", entry.Shape, entry.ByteCount,
            hasFinite ? finite.min().to(ScalarType.Float64).item<double>() : null,
            hasFinite ? finite.max().to(ScalarType.Float64).item<double>() : null,
            entry.ElementCount - finite.NumberOfElements);
    }

    // Every model whose sizes the shapes tell, the best first. Models are made without memory, on the meta device.
    private static (Fit[] Fits, Dictionary<string, string> Misfits) Fits(CheckpointFile file, string? weights)
    {
        List<string> said = [];
        var hints = new CheckpointHints(weights) { Say = said.Add };
        var blip = new Lazy<BlipConfig>(() => CheckpointSizes.Blip(file, hints)); // what it says is said of every BLIP
        (string Name, Func<nn.Module> Make)[] models =
        [
            ("clip", () => new ClipModel(CheckpointSizes.Clip(file, hints))),
            ("blip nlvr2", () => new BlipNlvr(blip.Value)),
            ("blip retrieval", () => new BlipRetrieval(blip.Value)),
            ("blip caption", () => new BlipCaptioner(blip.Value)),
            ("blip vqa", () => new BlipVqa(blip.Value)),
        ];
        var (fits, misfits) = (new List<Fit>(), new Dictionary<string, string>());
        var before = get_default_device();
        set_default_device(new Device(DeviceType.META));
        try
        {
            foreach (var (name, make) in models)
            {
                try
                {
                    if (!blip.IsValueCreated)
                        said.Clear();

                    using var model = make();
                    var report = CompressedWeights.Fill(model, file, weights);
                    fits.Add(new Fit(
                        name, report.Dialect, report.Container.TrimEnd('.'), report.Loaded.Count, report.Missing,
                        [.. report.MisShaped.Select(one => $"{one}")], report.Unexpected, [.. report.Notes, .. said]));
                }
                catch (InvalidDataException e)
                {
                    misfits[name] = e.Message;
                }
            }
        }
        finally
        {
            set_default_device(before);
        }

        return ([.. fits.OrderBy(fit => fit.Missing.Count + fit.OtherShape.Count + fit.LeftOver.Count)], misfits);
    }

    private static void Print(Report report, TextWriter output)
    {
        void Line(string text) => output.WriteLine(CommandLine.Shown(text));
        static string Number(double? value) => value?.ToString("G4", CultureInfo.InvariantCulture) ?? "";
        Line($"{report.File}: {report.Format}, {report.Bytes} bytes, {report.Tensors.Count} tensors");
        foreach (var fit in report.Models)
        {
            var under = fit.Under.Length > 0 ? $" under '{fit.Under}'" : "";
            Line($"as {fit.Model} ({fit.Names} names{under}): {fit.Loaded} tensors fit");
            (string Kind, IReadOnlyList<string> Items)[] lists =
                [("missing", fit.Missing), ("otherShape", fit.OtherShape), ("leftOver", fit.LeftOver), ("notes", fit.Notes)];
            foreach (var (kind, items) in lists.Where(list => list.Items.Count > 0))
            {
                Line($"  {items.Count} {kind}: {string.Join(", ", items.Take(5).Select(item => Cut(item)))}"
                    + (items.Count > 5 ? ", …" : ""));
            }
        }

        foreach (var (model, why) in report.Models.Count == 0 ? report.Misfits.DistinctBy(misfit => misfit.Value) : [])
            Line($"not {model}: {why}");

        Terminal.Print(null, ["tensor", "type", "shape", "bytes", "min", "max", "not finite"], report.Tensors.Select(row => new[]
        {
            Cut(row.Name), row.Type, $"[{string.Join(", ", row.Shape)}]", $"{row.Bytes}", Number(row.Min), Number(row.Max),
            $"{row.NotFinite}",
        }), left: 7, output);
        foreach (var (name, value) in report.Unread.Concat(report.Beside))
            Line($"{Cut(name)}: {value}");
    }

    // What JSON says, in its names and its order.
    private sealed record Report(
        string File, string Format, long Bytes, IReadOnlyList<Fit> Models, IReadOnlyDictionary<string, string> Misfits,
        IReadOnlyList<TensorRow> Tensors, IReadOnlyDictionary<string, string> Unread, IReadOnlyDictionary<string, string> Beside);

    private sealed record Fit(
        string Model, string Names, string Under, int Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> OtherShape,
        IReadOnlyList<string> LeftOver, IReadOnlyList<string> Notes);

    private sealed record TensorRow(
        string Name, string Type, IReadOnlyList<long> Shape, long Bytes, double? Min, double? Max, long NotFinite);
}
