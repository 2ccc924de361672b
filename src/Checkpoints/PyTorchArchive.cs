using System.Text;
using TorchSharp;

namespace Madtp.Kit.Checkpoints;

/// <summary>Reads the zip archives of <c>torch.save</c> and <c>torch.jit.save</c>: <c>data.pkl</c> describes, <c>data/KEY</c> holds each storage.</summary>
internal static class PyTorchArchive
{
    private const string Pickle = "data.pkl";

    /// <summary>Everything in the archive.</summary>
    public static CheckpointContents Read(FileBytes file)
    {
        var entries = ZipDirectory.Read(file);
        var pickle = FindPickle(file, entries);
        var folder = pickle.Name[..^Pickle.Length];
        CheckByteOrder(file, entries, folder);
        var isScript = entries.ContainsKey(folder + "constants.pkl");
        var storages = new Dictionary<string, StorageReference>();
        var machine = new PickleMachine(new TorchVocabulary((storage, _) => Locate(file, entries, folder, storages, storage), isScript));
        object? root;
        try
        {
            root = machine.Read(file.Span(pickle.Start, (int)pickle.Length), out _);
        }
        catch (InvalidDataException e)
        {
            throw file.Broken(e.Message, e);
        }

        return PickleContents.Flatten(file, isScript ? CheckpointFormat.TorchScript : CheckpointFormat.PyTorchZip, root);
    }

    private static ZipEntry FindPickle(FileBytes file, Dictionary<string, ZipEntry> entries)
    {
        // The archive's folder is named for the file it was first saved as, so only the ending is known.
        var pickles = entries.Values.Where(e => e.Name == Pickle || (e.Name.EndsWith("/" + Pickle, StringComparison.Ordinal) && e.Name.IndexOf('/') == e.Name.Length - Pickle.Length - 1)).ToList();
        if (pickles is not [var pickle])
        {
            throw file.Broken(pickles.Count == 0
                ? "it is a zip archive without a data.pkl: torch.save did not write it"
                : $"it is a zip archive with {pickles.Count} data.pkl");
        }

        RequireStored(file, pickle);
        return pickle.Length <= PickleMachine.MaximumLength
            ? pickle
            : throw file.Broken($"its {pickle.Name} has {pickle.Length} bytes, at most {PickleMachine.MaximumLength} are read");
    }

    private static void CheckByteOrder(FileBytes file, Dictionary<string, ZipEntry> entries, string folder)
    {
        if (entries.TryGetValue(folder + "byteorder", out var entry) && entry.IsStored && Encoding.Latin1.GetString(file.Span(entry.Start, (int)Math.Min(entry.Length, 16))) != "little")
        {
            throw file.Broken("it was saved on a big-endian machine; save it again on a little-endian one");
        }
    }

    private static StorageReference Locate(FileBytes file, Dictionary<string, ZipEntry> entries, string folder, Dictionary<string, StorageReference> storages, StorageReference storage)
    {
        if (storages.TryGetValue(storage.Key, out var known))
        {
            return known.Type == storage.Type && known.Count == storage.Count
                ? known
                : throw new InvalidDataException($"storage '{storage.Key}' is mentioned as {known.Count} of {known.Type} and as {storage.Count} of {storage.Type}");
        }

        var name = $"{folder}data/{storage.Key}";
        if (!entries.TryGetValue(name, out var entry))
        {
            throw new InvalidDataException($"storage '{storage.Key}' is missing: the archive has no '{name}'");
        }

        RequireStored(file, entry);
        var size = storage.Count * storage.Type.ElementSize();
        if (entry.Length < size)
        {
            throw new InvalidDataException($"storage '{storage.Key}' claims {storage.Count} of {storage.Type}, {size} bytes, but '{name}' has {entry.Length}");
        }

        storage.Start = entry.Start;
        storages.Add(storage.Key, storage);
        return storage;
    }

    private static void RequireStored(FileBytes file, ZipEntry entry)
    {
        if (!entry.IsStored)
        {
            throw file.Broken($"its zip entry '{entry.Name}' is compressed; PyTorch stores tensors as they are, and nothing is unpacked here");
        }
    }
}
