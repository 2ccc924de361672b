using System.Text;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// Reads the zip archives of <c>torch.save</c> and <c>torch.jit.save</c>: <c>data.pkl</c> describes, <c>data/KEY</c> holds each
/// storage.
/// </summary>
internal static class PyTorchArchive
{
    /// <summary>What is said of a file whose numbers are the other way round.</summary>
    public const string BigEndian = "it was saved on a big-endian machine; load it and save it again on a little-endian one";

    private const string Pickle = "data.pkl";

    /// <summary>Everything in the archive.</summary>
    public static CheckpointContents Read(FileBytes file)
    {
        var entries = ZipDirectory.Read(file);
        var pickle = FindPickle(entries.Values);
        var folder = pickle.Name[..^Pickle.Length];
        if (entries.TryGetValue(folder + "byteorder", out var order))
        {
            Damage.Unless(Encoding.Latin1.GetString(Content(file, order, 16)) == "little", $"{BigEndian}");
        }

        var isScript = entries.ContainsKey(folder + "constants.pkl");
        var storages = new Dictionary<string, StorageReference>();
        var machine = new PickleMachine(new TorchPickle((storage, _) => Locate(file, entries, folder, storage.Among(storages)),
            isScript));
        var root = machine.Read(Content(file, pickle, PickleMachine.MaximumLength), out _);
        return PickleContents.Flatten(isScript ? CheckpointFormat.TorchScript : CheckpointFormat.PyTorchZip, root);
    }

    // The archive's folder is named for the file it was first saved as, so only the ending is known.
    private static ZipEntry FindPickle(IEnumerable<ZipEntry> entries)
    {
        var pickles = entries.Where(entry => entry.Name == Pickle || entry.Name.Split('/') is [_, Pickle]).ToList();
        Damage.Unless(pickles.Count > 0, $"it is a zip archive without a data.pkl: torch.save did not write it");
        Damage.Unless(pickles.Count == 1, $"it is a zip archive with {pickles.Count} data.pkl");
        return pickles[0];
    }

    private static byte[] Content(FileBytes file, ZipEntry entry, int most)
    {
        Damage.Unless(entry.Length <= most, $"its {Damage.Quoted(entry.Name)} has {entry.Length} bytes, at most {most} are read");
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

        var (key, name) = (Damage.Quoted(storage.Key), Damage.Quoted($"{folder}data/{storage.Key}"));
        Damage.Unless(entries.TryGetValue($"{folder}data/{storage.Key}", out var entry),
            $"storage {key} is missing: the archive has no {name}");
        var size = storage.Count * storage.ElementSize;
        Damage.Unless(
            entry!.Length >= size,
            $"storage {key} claims {storage.Count} of {StorageReference.Named(storage)}, {size} bytes, but {name} has "
                + $"{entry.Length}");
        (storage.Bytes, storage.Start) = entry.Open(file);
        return storage;
    }
}
