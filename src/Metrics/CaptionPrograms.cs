using System.ComponentModel;
using System.Text.Json.Serialization;
using Madtp.Kit.Data;

namespace Madtp.Kit.Metrics;

/// <summary>METEOR and SPICE by their official programs, Java archives that are called as COCO's caption evaluation calls them:
/// the score of the corpus and of each image in the order given. KIT_JAVA names another <c>java</c>.</summary>
internal static class CaptionPrograms
{
    /// <summary>METEOR 1.5, spoken to line by line.</summary>
    /// <exception cref="FileNotFoundException">There is no such archive.</exception>
    /// <exception cref="InvalidDataException">There is no Java, or the program failed.</exception>
    public static (double Corpus, double[] PerImage) Meteor(string jar, IReadOnlyList<TokenizedCaption> captions)
    {
        using var process = Start("METEOR", jar, "2G", ["-", "-", "-stdio", "-l", "en", "-norm"]);
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            return Converse(process.StandardInput, process.StandardOutput, captions);
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            throw Failed("METEOR", errors);
        }
        finally
        {
            process.Kill();
        }
    }

    /// <summary>SPICE 1.0, given a file and asked for a file.</summary>
    /// <inheritdoc cref="Meteor"/>
    public static (double Corpus, double[] PerImage) Spice(string jar, IReadOnlyList<TokenizedCaption> captions)
    {
        var folder = Directory.CreateTempSubdirectory("kit-spice-");
        try
        {
            string Place(string name) => Path.Combine(folder.FullName, name);
            var items = captions.Select(caption => new { image_id = caption.ImageId, test = caption.Hypothesis,
                refs = caption.References });
            File.WriteAllText(Place("input.json"), JsonSerializer.Serialize(items));
            Directory.CreateDirectory(Place("cache"));
            using var process = Start("SPICE", jar, "8G", [Place("input.json"), "-cache", Place("cache"), "-out",
                Place("output.json"), "-subset", "-silent"]);
            var errors = process.StandardError.ReadToEndAsync();
            process.StandardInput.Close();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 && File.Exists(Place("output.json"))
                ? ReadSpice(Place("output.json"), captions)
                : throw Failed("SPICE", errors);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static (double Corpus, double[] PerImage) Converse(
        StreamWriter input, StreamReader output, IReadOnlyList<TokenizedCaption> captions)
    {
        string Answer() => output.ReadLine()?.Trim() ?? throw new EndOfStreamException();
        void Say(string line)
        {
            input.Write($"{line}\n");
            input.Flush();
        }

        var statistics = new List<string>(captions.Count);
        foreach (var caption in captions)
        {
            var hypothesis = caption.Hypothesis.Replace("|||", "", StringComparison.Ordinal)
                .Replace("  ", " ", StringComparison.Ordinal);
            Say($"SCORE ||| {string.Join(" ||| ", caption.References)} ||| {hypothesis}");
            statistics.Add(Answer());
        }

        Say($"EVAL ||| {string.Join(" ||| ", statistics)}");
        var scores = Enumerable.Range(0, captions.Count + 1) // each caption's, then that of all
            .Select(_ => double.Parse(Answer(), NumberStyles.Float, CultureInfo.InvariantCulture)).ToArray();
        return (scores[^1], scores[..^1]);
    }

    private static (double Corpus, double[] PerImage) ReadSpice(string path, IReadOnlyList<TokenizedCaption> captions)
    {
        var images = JsonRecord.Read<SpiceImage[]>(
            path, e => $"SPICE's program wrote something else than scores: {JsonRecord.Reason(e)}", JsonRecord.Field);
        Guard.Data(images.Length > 0, $"SPICE's program wrote no scores");
        var scores = new Dictionary<long, double>();
        foreach (var image in images)
        {
            var score = image.Scores.All.F;
            scores[image.ImageId] = score.ValueKind == JsonValueKind.Number ? score.GetDouble() : double.NaN;
        }

        return (scores.Values.Average(),
            [.. captions.Select(caption => scores.GetValueOrDefault(caption.ImageId, double.NaN))]);
    }

    // Elements of SPICE's file; structures, so that none is null. F is something else than a number where there is nothing to
    // compare.
    [method: JsonConstructor]
    private readonly record struct SpiceImage(long ImageId, SpiceScores Scores);

    [method: JsonConstructor]
    private readonly record struct SpiceScores([property: JsonPropertyName("All")] SpiceScore All);

    [method: JsonConstructor]
    private readonly record struct SpiceScore(JsonElement F);

    // It works in the folder of its archive, where its data lie.
    private static Process Start(string name, string jar, string memory, IEnumerable<string> arguments)
    {
        if (!File.Exists(jar))
            throw new FileNotFoundException($"{name}'s program is not at '{jar}'", jar);

        var java = Environment.GetEnvironmentVariable("KIT_JAVA") ?? "java";
        var start = new ProcessStartInfo(java, ["-jar", $"-Xmx{memory}", Path.GetFullPath(jar), .. arguments])
        {
            WorkingDirectory = Path.GetDirectoryName(Path.GetFullPath(jar))!,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidDataException(
                $"{name} needs Java, and '{java}' could not be started ({e.Message}); KIT_JAVA names another", e);
        }
    }

    // With the end of what it complained of.
    private static InvalidDataException Failed(string name, Task<string> errors)
    {
        var lines = errors.Wait(TimeSpan.FromSeconds(5))
            ? errors.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : [];
        return new InvalidDataException(
            $"{name}'s program failed: {(lines.Length > 0 ? string.Join("; ", lines.TakeLast(3)) : "it gave no reason")}");
    }
}
