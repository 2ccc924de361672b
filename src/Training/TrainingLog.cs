using System.Text.Json;
using System.Text.Json.Serialization;

namespace Madtp.Kit.Training;

/// <summary>A training log as a file of JSON lines.</summary>
public static class TrainingLog
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>A record as one line, without its end.</summary>
    public static string Line(TrainingRecord record) => JsonSerializer.Serialize(record, Options);

    /// <summary>Reads a log; a last line that was cut off is left out.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A line is not a record; the message names it.</exception>
    public static IReadOnlyList<TrainingRecord> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"there is no training log at '{path}'", path);
        }

        var lines = File.ReadAllLines(path);
        var records = new List<TrainingRecord>(lines.Length);
        for (var i = 0; i < lines.Length; i++)
        {
            try
            {
                records.Add(JsonSerializer.Deserialize<TrainingRecord>(lines[i], Options) ?? throw new JsonException("null"));
            }
            catch (JsonException) when (i == lines.Length - 1)
            {
                break; // the process was ended in the middle of the line
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"'{path}', line {i + 1} is no record of a training: {e.Message}", e);
            }
        }

        return records;
    }

    /// <summary>Appends one record.</summary>
    internal static void Append(string path, TrainingRecord record) => File.AppendAllText(path, Line(record) + "\n");

    /// <summary>Takes back every line after a step: those that an interrupted run wrote beyond its last checkpoint.</summary>
    internal static void CutAfter(string path, int step)
    {
        if (!File.Exists(path))
        {
            return;
        }

        var kept = Read(path).Where(record => record.Step <= step).Select(record => Line(record) + "\n");
        var temporary = $"{path}.part";
        File.WriteAllText(temporary, string.Concat(kept));
        File.Move(temporary, path, overwrite: true);
    }
}
