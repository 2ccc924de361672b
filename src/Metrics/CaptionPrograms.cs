using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Madtp.Kit.Metrics;

/// <summary>METEOR 1.5 by its official program, spoken to line by line as COCO's caption evaluation does.</summary>
internal static class MeteorProgram
{
    private const string Name = "METEOR";

    /// <summary>Scores tokenized captions.</summary>
    public static ProgramScores Compute(string jar, IReadOnlyList<TokenizedCaption> captions)
    {
        using var process = JavaProgram.Start(Name, jar, "2G", ["-", "-", "-stdio", "-l", "en", "-norm"]);
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            return Converse(process.StandardInput, process.StandardOutput, captions) ?? throw JavaProgram.Failed(Name, errors);
        }
        catch (IOException)
        {
            throw JavaProgram.Failed(Name, errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static ProgramScores? Converse(StreamWriter input, StreamReader output, IReadOnlyList<TokenizedCaption> captions)
    {
        var statistics = new List<string>(captions.Count);
        foreach (var caption in captions)
        {
            var hypothesis = caption.Hypothesis.Replace("|||", "", StringComparison.Ordinal).Replace("  ", " ", StringComparison.Ordinal);
            input.Write($"SCORE ||| {string.Join(" ||| ", caption.References)} ||| {hypothesis}\n");
            input.Flush();
            if (output.ReadLine() is not { } line)
            {
                return null;
            }

            statistics.Add(line.Trim());
        }

        input.Write($"EVAL ||| {string.Join(" ||| ", statistics)}\n");
        input.Flush();
        var scores = new List<double>(captions.Count + 1);
        while (scores.Count <= captions.Count)
        {
            if (!double.TryParse(output.ReadLine(), NumberStyles.Float, CultureInfo.InvariantCulture, out var score))
            {
                return null;
            }

            scores.Add(score);
        }

        return new ProgramScores(scores[^1], scores[..^1]);
    }
}

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

/// <summary>Starts a program of COCO's caption evaluation that is distributed as a Java archive. KIT_JAVA names another <c>java</c>.</summary>
internal static class JavaProgram
{
    /// <summary>The running program; it works in the folder of its archive, where its data lie.</summary>
    /// <exception cref="FileNotFoundException">There is no such archive.</exception>
    /// <exception cref="InvalidDataException">There is no Java to run it.</exception>
    public static Process Start(string name, string jar, string memory, IEnumerable<string> arguments)
    {
        if (!File.Exists(jar))
        {
            throw new FileNotFoundException($"{name}'s program is not at '{jar}'", jar);
        }

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
            throw new InvalidDataException($"{name} needs Java, and '{java}' could not be started ({e.Message}); KIT_JAVA names another", e);
        }
    }

    /// <summary>What to say when the program does not answer as it should: with the end of what it complained of.</summary>
    public static InvalidDataException Failed(string name, Task<string> errors)
    {
        var lines = errors.Wait(TimeSpan.FromSeconds(5)) ? errors.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
        var reason = lines.Length > 0 ? string.Join("; ", lines.TakeLast(3)) : "it gave no reason";
        return new InvalidDataException($"{name}'s program failed: {reason}");
    }
}

/// <summary>What one of the official scoring programs answered.</summary>
/// <param name="Corpus">The score of the whole.</param>
/// <param name="PerImage">The score of each image, in the order given.</param>
internal sealed record ProgramScores(double Corpus, IReadOnlyList<double> PerImage);
