using System.Text.Json;

namespace Madtp.Kit.Metrics;

/// <summary>SPICE 1.0 by its official program, given a file and asked for a file as COCO's caption evaluation does.</summary>
internal static class SpiceProgram
{
    private const string Name = "SPICE";

    /// <summary>Scores tokenized captions.</summary>
    public static ProgramScores Compute(string jar, IReadOnlyList<TokenizedCaption> captions)
    {
        var folder = Directory.CreateTempSubdirectory("kit-spice-");
        try
        {
            var input = Path.Combine(folder.FullName, "input.json");
            var output = Path.Combine(folder.FullName, "output.json");
            var items = captions.Select(caption => new { image_id = caption.ImageId, test = caption.Hypothesis, refs = caption.References });
            File.WriteAllText(input, JsonSerializer.Serialize(items));
            var cache = Directory.CreateDirectory(Path.Combine(folder.FullName, "cache")).FullName;
            Run(jar, [input, "-cache", cache, "-out", output, "-subset", "-silent"]);
            return Read(output, captions);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Run(string jar, IEnumerable<string> arguments)
    {
        using var process = JavaProgram.Start(Name, jar, "8G", arguments);
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Close();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw JavaProgram.Failed(Name, errors);
        }
    }

    private static ProgramScores Read(string path, IReadOnlyList<TokenizedCaption> captions)
    {
        MetricFile.Require(path, "SPICE's answer");
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var scores = new Dictionary<long, double>();
        foreach (var item in document.RootElement.EnumerateArray())
        {
            var score = item.GetProperty("scores").GetProperty("All").GetProperty("f");
            scores[item.GetProperty("image_id").GetInt64()] = score.ValueKind == JsonValueKind.Number ? score.GetDouble() : double.NaN;
        }

        return new ProgramScores(scores.Values.Average(), [.. captions.Select(caption => scores.GetValueOrDefault(caption.ImageId, double.NaN))]);
    }
}
