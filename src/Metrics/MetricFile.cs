using System.Text.Json;
using System.Text.Json.Serialization;

namespace Madtp.Kit.Metrics;

/// <summary>Reads the JSON files that scores are computed from; what is wrong is said with file, line and byte.</summary>
internal static class MetricFile
{
    private static readonly JsonSerializerOptions Options = new()
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
    };

    /// <summary>The whole file as one value.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is not such a value; the message says where.</exception>
    public static T ReadJson<T>(string path, string what)
    {
        Require(path, what);
        using var stream = File.OpenRead(path);
        return Parse(() => JsonSerializer.Deserialize<T>(stream, Options), path, 1, what);
    }

    /// <summary>The values of a file that has one a line; empty lines are passed over.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A line is not such a value; the message says which.</exception>
    public static IEnumerable<(int Line, T Value)> ReadJsonLines<T>(string path, string what)
    {
        Require(path, what);
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return (number, Parse(() => JsonSerializer.Deserialize<T>(line, Options), path, number, what));
            }
        }
    }

    /// <summary>Fails where there is no such file.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static void Require(string path, string what)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"there is no file '{path}' with {what}", path);
        }
    }

    private static T Parse<T>(Func<T?> read, string path, long firstLine, string what)
    {
        try
        {
            return read() ?? throw new InvalidDataException($"{path}, line {firstLine}: null where {what} should be");
        }
        catch (JsonException e)
        {
            var (line, at) = (firstLine + (e.LineNumber ?? 0), e.Path is null or "$" ? "" : $" ({e.Path})");
            throw new InvalidDataException(
                $"{path}, line {line}, byte {(e.BytePositionInLine ?? 0) + 1}{at}: not {what}; {Reason(e.Message)}", e);
        }
    }

    /// <summary>The runtime's message without its names of types, which say nothing to someone who looks at a file.</summary>
    private static string Reason(string message)
    {
        var converted = message.Contains("could not be converted to System.Int64", StringComparison.Ordinal)
            ? "a whole number is expected here"
            : message.Contains("could not be converted to System.String", StringComparison.Ordinal) ? "a text is expected here"
            : message.Contains("could not be converted to", StringComparison.Ordinal) ? "another kind of value is expected here"
            : null;
        var missing = message.Split("missing required properties including: ");
        return converted
            ?? (missing.Length > 1 ? $"an object here lacks {missing[1].Split(". Path:")[0].TrimEnd('.')}"
            : message.Contains("doesn't allow null", StringComparison.Ordinal) ? "null is not allowed here"
            : message.Split(" Path: ")[0].Split(" LineNumber: ")[0]);
    }
}
