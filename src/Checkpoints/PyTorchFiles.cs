using static Madtp.Kit.Text.Printable;

namespace Madtp.Kit.Checkpoints;

/// <summary>Reads the zip archives of <c>torch.save</c> and <c>torch.jit.save</c>: <c>data.pkl</c> describes, <c>data/KEY</c>
/// holds each storage.</summary>
internal static class PyTorchArchive
{
    /// <summary>What is said of a file whose numbers are the other way round.</summary>
    public const string BigEndian = "it was saved on a big-endian machine; load it and save it again on a little-endian one";

    private const string Pickle = "data.pkl";

    /// <summary>Everything in the archive.</summary>
    public static CheckpointFile Read(FileBytes file)
    {
        var entries = ZipDirectory.Read(file);
        var pickle = FindPickle(entries.Values);
        var folder = pickle.Name[..^Pickle.Length];
        if (entries.TryGetValue(folder + "byteorder", out var order))
        {
            Guard.Data(Encoding.Latin1.GetString(Content(file, order, 16)) == "little", $"{BigEndian}");
        }

        var isScript = entries.ContainsKey(folder + "constants.pkl");
        var storages = new Dictionary<string, StorageReference>();
        var budget = new MemoryBudget(file);
        budget.Take(pickle.Length);
        var machine = new PickleMachine(new TorchPickle((storage, _) => Locate(file, entries, folder, storage.Among(storages)),
            isScript), budget);
        var root = machine.Read(Content(file, pickle, PickleMachine.MaximumLength), out _);
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

    private static StorageReference Locate(FileBytes file, Dictionary<string, ZipEntry> entries, string folder,
        StorageReference storage)
    {
        if (storage.Bytes is not null)
        {
            return storage;
        }

        var (key, name) = (Quoted(storage.Key), Quoted($"{folder}data/{storage.Key}"));
        Guard.Data(entries.TryGetValue($"{folder}data/{storage.Key}", out var entry),
            $"storage {key} is missing: the archive has no {name}");
        var size = storage.Count * storage.ElementSize;
        Guard.Data(entry!.Length >= size,
            $"storage {key} claims {storage.Count} of {storage.Element}, {size} bytes, but {name} has {entry.Length}");
        (storage.Bytes, storage.Start) = entry.Open(file);
        return storage;
    }
}

/// <summary>Reads what <c>torch.save</c> wrote before PyTorch 1.6: five pickles (a magic number, a version, the writer's machine,
/// the object, the storages' keys), then each storage as an element count and its bytes.</summary>
internal static class PyTorchLegacy
{
    private const long Version = 1001;

    // The magic number's own pickle, after what says its protocol: a 10-byte integer; older protocols write its digits.
    private static readonly byte[] Magic = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];
    private static readonly byte[][] Beginnings =
    [
        [0x80, 2, .. Magic], [0x80, 3, .. Magic],
        .. from protocol in new byte[] { 4, 5 } select (byte[])[0x80, protocol, 0x95, 13, 0, 0, 0, 0, 0, 0, 0, .. Magic],
        "L119547037146038801333356L\n."u8.ToArray(),
    ];

    /// <summary>Whether the file begins with the magic number.</summary>
    public static bool Recognizes(FileBytes file) => Beginning(file) > 0;

    /// <summary>Whether the file begins as a pickle of protocol 2 to 5.</summary>
    public static bool LooksLikePickle(FileBytes file) => file.Length >= 2 && file.Take(0, 2) is [0x80, >= 2 and <= 5];

    // How many bytes the magic number's pickle has; 0 where the file begins otherwise.
    private static int Beginning(FileBytes file) => Beginnings.FirstOrDefault(beginning => file.Length > beginning.Length
        && file.Take(0, beginning.Length).AsSpan().SequenceEqual(beginning))?.Length ?? 0;

    /// <summary>Everything in the file.</summary>
    public static CheckpointFile Read(FileBytes file)
    {
        var storages = new Dictionary<string, StorageReference>();
        var views = new List<(StorageReference View, StorageReference Root, long First)>();
        var vocabulary = new TorchPickle((storage, view) => Remember(storages, views, storage, view), isScript: false);
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
        {
            position = Place(file, storages, key, position);
        }

        foreach (var (view, whole, first) in views)
        {
            Guard.Data(whole.Bytes is not null, $"storage {Quoted(whole.Key)} is missing");
            (view.Bytes, view.Start) = (whole.Bytes, whole.Start + (first * whole.ElementSize));
        }

        return PickleContents.Flatten(file, CheckpointFormat.PyTorchLegacy, root, budget);
    }

    // A storage may be a view of another one: then the sixth item is the view's key, its first element and its count.
    private static StorageReference Remember(
        Dictionary<string, StorageReference> storages, List<(StorageReference View, StorageReference Root, long First)> views,
            StorageReference storage, object?[] view)
    {
        var whole = storage.Among(storages);
        if (view is [] or [null])
        {
            return whole;
        }

        var key = Quoted(storage.Key);
        Guard.Data(view is [object?[]], $"storage {key} is described in an unknown way");
        if (view[0] is not (object?[] and [string viewKey, long first, long count]) || first < 0 || count < 0
            || first > storage.Count - count)
        {
            throw new InvalidDataException($"the view of storage {key} reaches past it");
        }

        var part = storage with { Key = $"{storage.Key} view {viewKey}", Count = count };
        var known = part.Among(storages);
        if (ReferenceEquals(known, part))
        {
            views.Add((part, whole, first));
        }

        return known;
    }

    // Returns where the next storage begins.
    private static long Place(FileBytes file, Dictionary<string, StorageReference> storages, object? key, long at)
    {
        StorageReference? storage = null;
        var shown = key is string text ? Quoted(text) : "what is no name";
        Guard.Data(key is string name && storages.TryGetValue(name, out storage),
            $"its list of storages has {shown}, which no tensor uses");
        var (count, start) = (file.I64(at), at + 8);
        Guard.Data(count == storage!.Count && file.Holds(start, count * storage.ElementSize),
            $"storage {Quoted(storage.Key)} has {count} elements at byte {start} of {file.Length}; the pickle says "
                + $"{storage.Count}");
        (storage.Bytes, storage.Start) = (file, start);
        return start + (count * storage.ElementSize);
    }
}
