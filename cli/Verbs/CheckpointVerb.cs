using System.Text.Json.Nodes;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit checkpoint FILE</c>: what a file of weights holds, and which model it fits.</summary>
internal static class CheckpointVerb
{
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
            var report = Report(file, parsed.GetValue(weights));
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(report.ToJsonString(Terminal.Indented));
            }
            else
            {
                Print(report, output);
            }
        });
        return verb;
    }

    private static JsonObject Report(CheckpointFile file, string? weights) => new()
    {
        ["file"] = file.Path,
        ["format"] = $"{file.Format}",
        ["bytes"] = file.Length,
        ["models"] = new JsonArray([.. Fits(file, weights, out var misfits)]),
        ["misfits"] = misfits,
        ["tensors"] = new JsonArray([.. file.Tensors.Select(Row)]),
        ["unread"] = new JsonObject(file.Unread.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value))),
        ["beside"] = new JsonObject(file.Values.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)$"{one.Value ?? "None"}"))
            .Concat(file.Metadata.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value)))),
    };

    private static JsonObject Row(TensorEntry entry)
    {
        using var scope = NewDisposeScope();
        var numbers = entry.ToTensor(entry.Type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32
            ? ScalarType.Float32 : ScalarType.Float64);
        var finite = numbers.masked_select(numbers.isfinite());
        var hasFinite = finite.NumberOfElements > 0;
        return new JsonObject
        {
            ["name"] = entry.Name,
            ["type"] = $"{entry.Type}",
            ["shape"] = new JsonArray([.. entry.Shape.Select(size => (JsonNode)size)]),
            ["bytes"] = entry.ByteCount,
            ["min"] = hasFinite ? finite.min().to(ScalarType.Float64).item<double>() : null,
            ["max"] = hasFinite ? finite.max().to(ScalarType.Float64).item<double>() : null,
            ["notFinite"] = entry.ElementCount - finite.NumberOfElements,
        };
    }

    // Every model whose sizes the shapes tell, the best first. Models are made without memory, on the meta device.
    private static IEnumerable<JsonObject> Fits(CheckpointFile file, string? weights, out JsonObject misfits)
    {
        List<string> said = [];
        var hints = new CheckpointHints(weights) { Say = said.Add };
        (string Name, Func<nn.Module> Make)[] models =
        [
            ("clip", () => new ClipModel(CheckpointSizes.Clip(file, hints))),
            ("blip nlvr2", () => new BlipNlvr(CheckpointSizes.Blip(file, hints))),
            ("blip retrieval", () => new BlipRetrieval(CheckpointSizes.Blip(file, hints))),
            ("blip caption", () => new BlipCaptioner(CheckpointSizes.Blip(file, hints))),
            ("blip vqa", () => new BlipVqa(CheckpointSizes.Blip(file, hints))),
        ];
        var fits = new List<(JsonObject Row, int Wrong)>();
        misfits = [];
        var before = get_default_device();
        set_default_device(new Device(DeviceType.META));
        try
        {
            foreach (var (name, make) in models)
            {
                try
                {
                    said.Clear();
                    using var model = make();
                    var report = CheckpointLoader.Load(model.state_dict(), file, weights);
                    fits.Add((Row(name, report, said), report.Missing.Count + report.MisShaped.Count + report.Unexpected.Count));
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

        return fits.OrderBy(fit => fit.Wrong).Select(fit => fit.Row);
    }

    private static JsonObject Row(string model, LoadReport report, IEnumerable<string> said)
    {
        static JsonArray List<T>(IEnumerable<T> items) => new([.. items.Select(item => (JsonNode)$"{item}")]);
        return new()
        {
            ["model"] = model,
            ["names"] = report.Dialect,
            ["under"] = report.Container.TrimEnd('.'),
            ["loaded"] = report.Loaded.Count,
            ["missing"] = List(report.Missing),
            ["otherShape"] = List(report.MisShaped),
            ["leftOver"] = List(report.Unexpected),
            ["notes"] = List(report.Notes.Concat(said)),
        };
    }

    private static void Print(JsonObject report, TextWriter output)
    {
        void Line(string text) => output.WriteLine(CommandLine.Shown(text));
        Line($"{report["file"]}: {report["format"]}, {report["bytes"]} bytes, {report["tensors"]!.AsArray().Count} tensors");
        var fits = report["models"]!.AsArray().Select(fit => fit!.AsObject()).ToList();
        foreach (var fit in fits)
        {
            var under = $"{fit["under"]}" is { Length: > 0 } key ? $" under '{key}'" : "";
            Line($"as {fit["model"]} ({fit["names"]} names{under}): {fit["loaded"]} tensors fit");
            foreach (var (kind, value) in fit.Where(part => part.Value is JsonArray { Count: > 0 }))
            {
                var items = value!.AsArray();
                Line($"  {items.Count} {kind}: {string.Join(", ", items.Take(5))}{(items.Count > 5 ? ", …" : "")}");
            }
        }

        foreach (var (model, why) in fits.Count == 0 ? report["misfits"]!.AsObject().DistinctBy(misfit => $"{misfit.Value}") : [])
        {
            Line($"not {model}: {why}");
        }

        string[][] rows =
        [
            ["tensor", "type", "shape", "bytes", "min", "max", "not finite"],
            .. report["tensors"]!.AsArray().Select(row => row!.AsObject().Select(part => Cell(part.Value)).ToArray()),
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            Line(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }

        foreach (var (name, value) in report["unread"]!.AsObject().Concat(report["beside"]!.AsObject()))
        {
            Line($"{name}: {value}");
        }
    }

    private static string Cell(JsonNode? value) => value switch
    {
        JsonArray sizes => $"[{string.Join(", ", sizes)}]",
        JsonValue one when one.TryGetValue<double>(out var number) => number.ToString("G4", CultureInfo.InvariantCulture),
        _ => $"{value}",
    };
}
