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
        var log = new ResultLog<T>(path is null ? null
            : new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        try
        {
            log.Restore(batchSize, total);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Adds a finished batch; when this returns it is on the disk.</summary>
    public void Append(IReadOnlyList<T> batch)
    {
        finished.AddRange(batch);
        if (file is null)
            return;

        using var lines = new MemoryStream();
        foreach (var result in batch)
        {
            JsonSerializer.Serialize(lines, result);
            lines.WriteByte((byte)'\n');
        }

        AtomicFile.Append(file, lines.GetBuffer().AsSpan(0, (int)lines.Length), flushToDisk: true);
    }

    public void Dispose() => file?.Dispose();

    private void Restore(int batchSize, int total)
    {
        var all = new byte[file?.Length ?? 0];
        file?.ReadExactly(all);
        var ends = new List<int>(); // of each line, its line feed included
        for (int from = 0, to; finished.Count < total && (to = Array.IndexOf(all, (byte)'\n', from)) >= 0; from = to + 1)
        {
            if (Parse(all.AsSpan(from, to - from)) is not { } result)
                break;

            finished.Add(result);
            ends.Add(to + 1);
        }

        var kept = finished.Count >= total ? finished.Count : finished.Count / batchSize * batchSize;
        finished.RemoveRange(kept, finished.Count - kept);
        file?.SetLength(kept == 0 ? 0 : ends[kept - 1]); // where the next batch is appended
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

/// <summary>All that a run's results depend on, by name: of two with equal identity one may go on for the other.</summary>
internal sealed class RunIdentity
{
    private const string FileName = "run.json";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly SortedDictionary<string, string> parts = new(StringComparer.Ordinal);

    /// <summary>A name for the run's folder: 8 characters of a hash over everything.</summary>
    public string Short => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(parts)))[..8];

    /// <summary>Adds what a run depends on; null counts as not given.</summary>
    public void Add(string name, object? value)
    {
        if (value is not null)
        {
            parts[name] = Convert.ToString(value, CultureInfo.InvariantCulture)!; // of doubles the shortest that is read as equal
        }
    }

    /// <summary>Adds all that there is of something.</summary>
    public void Add(IReadOnlyDictionary<string, string> all)
    {
        foreach (var (name, value) in all)
            Add(name, value);
    }

    /// <summary>Adds a file by its content.</summary>
    public void AddFile(string name, string path)
    {
        using var stream = File.OpenRead(path);
        parts[name] = FormattableString.Invariant(
            $"{Path.GetFileName(path)}, {stream.Length} bytes, SHA-256 {Convert.ToHexStringLower(SHA256.HashData(stream))}");
    }

    /// <summary>Makes a folder this run's.</summary>
    /// <exception cref="InvalidDataException">It holds another run, and the message says what differs; or what no run has
    /// left.</exception>
    public void Claim(string folder, bool fresh)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, FileName);
        if (File.Exists(path) && !fresh)
        {
            var differences = Differences(path);
            Guard.Data(differences.Count == 0,
                $"{folder} holds another run: {string.Join("; ", differences)}. Give another folder, or have it begun anew");
        }
        else
        {
            var results = Directory.GetFiles(folder, "*.jsonl");
            Guard.Data(results.Length == 0 || File.Exists(path),
                $"{folder} holds {Path.GetFileName(results[0])}, but no {FileName}: it is no run's. Give another folder");
            Array.ForEach(results, File.Delete);
            Array.ForEach(Directory.GetFiles(folder, "calibration.json"), File.Delete);
            AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, parts, Indented));
        }
    }

    /// <summary>Whether a folder is this run's already.</summary>
    public bool Owns(string folder) =>
        Path.Combine(folder, FileName) is var path && File.Exists(path) && Differences(path).Count == 0;

    private List<string> Differences(string path)
    {
        var there = JsonRecord.Read<Dictionary<string, string>>(
            path, e => $"{path} is not a run's description ({JsonRecord.Reason(e)}); give another folder, or have it begun anew");
        return [.. parts.Keys.Union(there.Keys).Order(StringComparer.Ordinal)
            .Select(name => (Name: name, Old: there.GetValueOrDefault(name, "none"), New: parts.GetValueOrDefault(name, "none")))
            .Where(part => part.Old != part.New)
            .Select(part => $"its {part.Name} is {part.Old}, not {part.New}")];
    }
}
