using System.Collections.Concurrent;

namespace Madtp.Kit.Kernel.Execution;

/// <summary>The text of the cells run so far, for messages that show a line of them.</summary>
internal sealed class CellTexts
{
    private const int Kept = 500;

    private readonly ConcurrentDictionary<string, string[]> cells = new();
    private readonly ConcurrentQueue<string> order = new();

    public void Add(string path, string text)
    {
        cells[path] = text.ReplaceLineEndings("\n").Split('\n');
        order.Enqueue(path);
        if (order.Count > Kept && order.TryDequeue(out var oldest))
            cells.TryRemove(oldest, out _);
    }

    /// <summary>A line of a cell or file, counted from 1; null where it cannot be had.</summary>
    public string? Line(string path, int line)
    {
        if (cells.TryGetValue(path, out var lines))
            return line >= 1 && line <= lines.Length ? lines[line - 1] : null;

        try
        {
            return File.Exists(path) ? File.ReadLines(path).ElementAtOrDefault(line - 1) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
