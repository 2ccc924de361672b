namespace Madtp.Kit.Text;

/// <summary>Reads the text tables that travel inside the library.</summary>
internal static class TextTable
{
    /// <summary>The lines of a table in one of the folders src/…/Tables, comments left out.</summary>
    public static IEnumerable<string> ReadLines(string name)
    {
        using var stream = typeof(TextTable).Assembly.GetManifestResourceStream($"Madtp.Kit.Tables.{name}")
            ?? throw new InvalidDataException($"the library was built without its table '{name}'");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                yield return line;
            }
        }
    }
}
