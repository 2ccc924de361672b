using Madtp.Kit.Data;

namespace Madtp.Kit.Tasks;

/// <summary>Everything that a run's results depend on, by name. Two runs of equal identity give equal results, so that one may go
/// on where the other stopped.</summary>
internal sealed class RunIdentity
{
    private const string FileName = "run.json";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly SortedDictionary<string, string> parts = new(StringComparer.Ordinal);

    /// <summary>A name for the run's folder: 8 characters of a hash over everything.</summary>
    public string Short => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(parts)))[..8];

    /// <summary>Adds what a run depends on; null counts as not given.</summary>
    public void Add(string name, IFormattable? value)
    {
        if (value is not null)
        {
            parts[name] = value.ToString(value is double ? "R" : null, CultureInfo.InvariantCulture);
        }
    }

    /// <inheritdoc cref="Add(string, IFormattable)"/>
    public void Add(string name, string? value)
    {
        if (value is not null)
        {
            parts[name] = value;
        }
    }

    /// <summary>Adds a file by its content.</summary>
    public void AddFile(string name, string path)
    {
        using var stream = File.OpenRead(path);
        parts[name] =
            $"{Path.GetFileName(path)}, {stream.Length.ToString(CultureInfo.InvariantCulture)} bytes, SHA-256 "
                + $"{Convert.ToHexStringLower(SHA256.HashData(stream))}";
    }

    /// <summary>Makes a folder this run's.</summary>
    /// <exception cref="InvalidDataException">It holds another run; the message says what differs.</exception>
    public void Claim(string folder, bool fresh)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, FileName);
        if (File.Exists(path) && !fresh && Differences(path) is { Count: > 0 } differences)
        {
            throw new InvalidDataException(
                $"{folder} holds another run: {string.Join("; ", differences)}. Give another folder, or have it begun anew");
        }

        if (!File.Exists(path) || fresh)
        {
            // Results without a run that they belong to are worth nothing.
            Array.ForEach(Directory.GetFiles(folder, "*.jsonl"), File.Delete);
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
            path, e => $"{path} is not a run's description ({e.Message}); give another folder, or have it begun anew");
        return [.. parts.Keys.Union(there.Keys).Order(StringComparer.Ordinal)
            .Select(name => (Name: name, Old: there.GetValueOrDefault(name, "none"), New: parts.GetValueOrDefault(name, "none")))
            .Where(part => part.Old != part.New)
            .Select(part => $"its {part.Name} is {part.Old}, not {part.New}")];
    }
}
