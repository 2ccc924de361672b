using static Madtp.Kit.Text.Printable;

namespace Madtp.Kit.Checkpoints;

/// <summary>Reads the zips of torch.save and torch.jit.save: <c>data.pkl</c> describes, <c>data/KEY</c> are storages.</summary>
internal static class PyTorchArchive
{
    /// <summary>What is said of a file whose numbers are the other way round.</summary>
    public const string BigEndian = "it was saved on a big-endian machine; load it and save it again on a little-endian one";

    private const string Pickle = "data.pkl";

    public static CheckpointFile Read(FileBytes file)
    {
        var entries = ZipDirectory.Read(file);
        var pickle = FindPickle(entries.Values);
        var folder = pickle.Name[..^Pickle.Length];
        if (entries.TryGetValue(folder + "byteorder", out var order))
            Guard.Data(Encoding.Latin1.GetString(Content(file, order, 16)) == "little", $"{BigEndian}");

        var isScript = entries.ContainsKey(folder + "constants.pkl");
        var vocabulary = new TorchPickle(isScript, storage => Place(file, entries, folder, storage));
        var budget = new MemoryBudget(file);
        budget.Take(pickle.Length);
        var root = new PickleMachine(vocabulary, budget).Read(Content(file, pickle, PickleMachine.MaximumLength), out _);
        return PickleContents.Flatten(file, isScript ? CheckpointFormat.TorchScript : CheckpointFormat.PyTorchZip, root, budget);
    }

    // The archive's folder is named for the file it was first saved as, so only the ending is known.
    private static ZipEntry FindPickle(IEnumerable<ZipEntry> entries)
    {
        var pickles = entries.Where(entry => entry.Name == Pickle || entry.Name.Split('/') is [_, Pickle]).ToList();
        Guard.Data(pickles.Count > 0, $"it is a zip archive without a data.pkl: torch.save did not write it");
        Guard.Data(pickles.Count == 1, $"it is a zip archive with {pickles.Count} data.pkl");
        return pickles[0];
    }

    private static byte[] Content(FileBytes file, ZipEntry entry, int most)
    {
        Guard.Data(entry.Length <= most, $"its {Quoted(entry.Name)} has {entry.Length} bytes, at most {most} are read");
        var (bytes, start) = entry.Open(file);
        return bytes.Take(start, entry.Length);
    }

    private static void Place(FileBytes file, Dictionary<string, ZipEntry> entries, string folder, StorageReference storage)
    {
        var (key, name) = (Quoted(storage.Key), Quoted($"{folder}data/{storage.Key}"));
        Guard.Data(entries.TryGetValue($"{folder}data/{storage.Key}", out var entry),
            $"storage {key} is missing: the archive has no {name}");
        var size = storage.Count * storage.ElementSize;
        Guard.Data(entry!.Length >= size,
            $"storage {key} claims {storage.Count} of {storage.Element}, {size} bytes, but {name} has {entry.Length}");
        (storage.Bytes, storage.Start) = entry.Open(file);
    }
}

/// <summary>Reads what <c>torch.save</c> wrote before PyTorch 1.6: five pickles (a magic number, a version, the writer's machine,
/// the object, the storages' keys), then each storage as an element count and its bytes.</summary>
internal static class PyTorchLegacy
{
    private const long Version = 1001;

    // The magic number's own pickle, after what says its protocol: a 10-byte integer.
    private static readonly byte[] Magic = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];
    private static readonly byte[][] Beginnings =
    [
        [0x80, 2, .. Magic], [0x80, 3, .. Magic],
        .. from protocol in new byte[] { 4, 5 } select (byte[])[0x80, protocol, 0x95, 13, 0, 0, 0, 0, 0, 0, 0, .. Magic],
    ];

    /// <summary>Whether the file begins with the magic number.</summary>
    public static bool Recognizes(FileBytes file) => Beginning(file) > 0;

    /// <summary>Whether the file begins as a pickle of protocol 2 to 5.</summary>
    public static bool LooksLikePickle(FileBytes file) => file.Length >= 2 && file.Take(0, 2) is [0x80, >= 2 and <= 5];

    // How many bytes the magic number's pickle has; 0 where the file begins otherwise.
    private static int Beginning(FileBytes file) => Beginnings.FirstOrDefault(beginning => file.Length > beginning.Length
        && file.Take(0, beginning.Length).AsSpan().SequenceEqual(beginning))?.Length ?? 0;

    public static CheckpointFile Read(FileBytes file)
    {
        var vocabulary = new TorchPickle(isScript: false);
        var pickles = file.Take(0, Math.Min(file.Length, PickleMachine.MaximumLength));
        var budget = new MemoryBudget(file);
        budget.Take(pickles.Length);
        var at = Beginning(file);
        object? Next()
        {
            var value = new PickleMachine(vocabulary, budget).Read(pickles.AsSpan(at), out var consumed);
            at += consumed;
            return value;
        }

        Guard.Data(Equals(Next(), Version), $"it is of a version of torch.save's old format other than {Version}");
        var isForeign = Next() is PickleDictionary machine
            && machine.Items.Any(fact => fact is { Key: "little_endian", Value: false });
        Guard.Data(!isForeign, $"{PyTorchArchive.BigEndian}");
        var root = Next();
        var keys = Next() as List<object?>;
        Guard.Data(keys is not null, $"its list of storages is not a list");
        long position = at;
        foreach (var key in keys)
            position = Place(file, vocabulary.Storages, key, position);

        return PickleContents.Flatten(file, CheckpointFormat.PyTorchLegacy, root, budget);
    }

    // Returns where the next storage begins.
    private static long Place(FileBytes file, Dictionary<string, StorageReference> storages, object? key, long at)
    {
        var storage = key is string name ? storages.GetValueOrDefault(name) : null;
        Guard.Data(storage is not null,
            $"its list of storages has {(key is string text ? Quoted(text) : "what is no name")}, which no tensor uses");
        var (count, start) = (file.I64(at), at + 8);
        Guard.Data(count == storage.Count && file.Holds(start, count * storage.ElementSize),
            $"storage {Quoted(storage.Key)} has {count} elements at byte {start} of {file.Length}; the pickle says "
                + $"{storage.Count}");
        (storage.Bytes, storage.Start) = (file, start);
        return start + (count * storage.ElementSize);
    }
}
