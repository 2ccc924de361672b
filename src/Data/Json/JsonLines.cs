namespace Madtp.Kit.Data.Json;

/// <summary>Files of one JSON object a line, read as a stream. Empty lines are passed over.</summary>
internal static class JsonLines
{
    /// <summary>The file's records in order.</summary>
    /// <exception cref="InvalidDataException">A line is not one JSON object; the message names file and line.</exception>
    public static IEnumerable<JsonRecord> Read(string path)
    {
        using var reader = new StreamReader(path);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return JsonRecord.Parse(System.Text.Encoding.UTF8.GetBytes(line), $"{path}, line {number}");
            }
        }
    }
}
