using Madtp.Kit.Data;

namespace Madtp.Kit.Tasks;

/// <summary>The finished examples of a run: one JSON line each, appended batch by batch and flushed to the disk. A line that a
/// crash cut off is dropped, and so is a batch of which not all lines are there: the run that goes on makes the very batches that
/// one run would have made, and so the very same results.</summary>
/// <typeparam name="T">What is kept of an example.</typeparam>
internal sealed class ResultLog<T> : IDisposable
    where T : class
{
    private readonly List<T> finished = [];
    private readonly FileStream? file;

    private ResultLog(FileStream? file) => this.file = file;

    /// <summary>The results so far, in the order of the examples.</summary>
    public IReadOnlyList<T> Finished => finished;

    /// <summary>Opens a log, or begins one.</summary>
    /// <param name="path">The file; null keeps the results in memory alone.</param>
    /// <param name="total">Examples there are in all: the last batch may be smaller.</param>
    /// <exception cref="IOException">Another process writes it.</exception>
    public static ResultLog<T> Open(string? path, int batchSize, int total)
    {
        if (path is null)
        {
            return new ResultLog<T>(null);
        }

        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            var log = new ResultLog<T>(file);
            log.Restore(file, batchSize, total);
            return log;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Adds a finished batch; when this returns it is on the disk.</summary>
    public void Append(IReadOnlyList<T> batch)
    {
        finished.AddRange(batch);
        if (file is null)
        {
            return;
        }

        using var lines = new MemoryStream();
        foreach (var result in batch)
        {
            JsonSerializer.Serialize(lines, result);
            lines.WriteByte((byte)'\n');
        }

        AtomicFile.Append(file, lines.GetBuffer().AsSpan(0, (int)lines.Length), flushToDisk: true);
    }

    public void Dispose() => file?.Dispose();

    private void Restore(FileStream file, int batchSize, int total)
    {
        var all = new byte[file.Length];
        file.ReadExactly(all);
        var ends = new List<int>(); // of each line, its line feed included
        for (int from = 0, to; finished.Count < total && (to = Array.IndexOf(all, (byte)'\n', from)) >= 0; from = to + 1)
        {
            if (Parse(all.AsSpan(from, to - from)) is not { } result)
            {
                break;
            }

            finished.Add(result);
            ends.Add(to + 1);
        }

        var kept = finished.Count >= total ? finished.Count : finished.Count / batchSize * batchSize;
        finished.RemoveRange(kept, finished.Count - kept);
        file.SetLength(kept == 0 ? 0 : ends[kept - 1]);
        file.Seek(0, SeekOrigin.End);
    }

    private static T? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line);
        }
        catch (JsonException)
        {
            return null; // a disk that lost power may hold anything behind what was flushed
        }
    }
}
