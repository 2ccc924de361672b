using System.Globalization;

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
