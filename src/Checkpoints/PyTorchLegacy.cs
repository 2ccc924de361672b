using System.Buffers.Binary;
using TorchSharp;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// Reads what <c>torch.save</c> wrote before PyTorch 1.6: five pickles (a magic number, a version, the writer's machine, the
/// object, the storages' keys), then each storage as an element count and its bytes.
/// </summary>
internal static class PyTorchLegacy
{
    private const long Version = 1001;

    // The magic number's own pickle, protocol 2: a 10-byte integer.
    private static ReadOnlySpan<byte> Magic => [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    /// <summary>Whether the file begins with the magic number.</summary>
    public static bool Recognizes(FileBytes file) => file.Length > Magic.Length && file.Span(0, Magic.Length).SequenceEqual(Magic);

    /// <summary>Whether the file begins as a pickle of protocol 2 to 5.</summary>
    public static bool LooksLikePickle(FileBytes file) => file.Length >= 2 && file.Span(0, 2) is [0x80, >= 2 and <= 5];

    /// <summary>Everything in the file.</summary>
    public static CheckpointContents Read(FileBytes file)
    {
        var storages = new Dictionary<string, StorageReference>();
        var views = new List<(StorageReference View, string Root, long First)>();
        var vocabulary = new TorchVocabulary((storage, view) => Remember(storages, views, storage, view), isScript: false);
        long at = Magic.Length;
        if (ReadPickle(file, vocabulary, ref at) is not Version)
        {
            throw file.Broken($"it is of a version of torch.save's old format other than {Version}");
        }

        CheckByteOrder(file, ReadPickle(file, vocabulary, ref at));
        var root = ReadPickle(file, vocabulary, ref at);
        if (ReadPickle(file, vocabulary, ref at) is not List<object?> keys)
        {
            throw file.Broken("its list of storages is not a list");
        }

        foreach (var key in keys)
        {
            Place(file, storages, key, ref at);
        }

        foreach (var (view, rootKey, first) in views)
        {
            PlaceView(file, storages, view, rootKey, first);
        }

        return PickleContents.Flatten(file, CheckpointFormat.PyTorchLegacy, root);
    }

    private static object? ReadPickle(FileBytes file, TorchVocabulary vocabulary, ref long at)
    {
        try
        {
            var bytes = file.Span(at, (int)Math.Min(file.Length - at, PickleMachine.MaximumLength));
            var value = new PickleMachine(vocabulary).Read(bytes, out var consumed);
            at += consumed;
            return value;
        }
        catch (InvalidDataException e)
        {
            throw file.Broken(e.Message, e);
        }
    }

    private static void CheckByteOrder(FileBytes file, object? machine)
    {
        if (machine is PickleDictionary facts && facts.Items.Any(fact => fact is { Key: "little_endian", Value: false }))
        {
            throw file.Broken("it was saved on a big-endian machine; save it again on a little-endian one");
        }
    }

    // A storage may be a view of another one: then the sixth item is the view's key, its first element and its count.
    private static StorageReference Remember(Dictionary<string, StorageReference> storages, List<(StorageReference View, string Root, long First)> views, StorageReference storage, object?[] view)
    {
        var isView = view is [object?[]];
        if (!isView && view is not [] and not [null])
        {
            throw new InvalidDataException($"storage '{storage.Key}' is described in an unknown way");
        }

        if (isView)
        {
            if (view[0] is not (object?[] and [string viewKey, long first, long count]) || first < 0 || count < 0 || first > storage.Count - count)
            {
                throw new InvalidDataException($"the view of storage '{storage.Key}' reaches past it");
            }

            var name = $"{storage.Key} view {viewKey}";
            Merge(storages, storage);
            if (!storages.TryGetValue(name, out var known))
            {
                known = new StorageReference(storage.Type, name, count);
                storages.Add(name, known);
                views.Add((known, storage.Key, first));
            }

            return known;
        }

        return Merge(storages, storage);
    }

    private static StorageReference Merge(Dictionary<string, StorageReference> storages, StorageReference storage)
    {
        if (storages.TryAdd(storage.Key, storage))
        {
            return storage;
        }

        var known = storages[storage.Key];
        return known.Type == storage.Type && known.Count == storage.Count
            ? known
            : throw new InvalidDataException($"storage '{storage.Key}' is mentioned as {known.Count} of {known.Type} and as {storage.Count} of {storage.Type}");
    }

    private static void Place(FileBytes file, Dictionary<string, StorageReference> storages, object? key, ref long at)
    {
        if (key is not string name || !storages.TryGetValue(name, out var storage))
        {
            throw file.Broken($"its list of storages has '{key}', which no tensor uses");
        }

        var count = BinaryPrimitives.ReadInt64LittleEndian(file.Span(at, 8));
        at += 8;
        if (count != storage.Count || !file.Holds(at, count * storage.Type.ElementSize()))
        {
            throw file.Broken($"storage '{name}' has {count} elements at byte {at} of {file.Length}; the pickle says {storage.Count}");
        }

        storage.Start = at;
        at += count * storage.Type.ElementSize();
    }

    private static void PlaceView(FileBytes file, Dictionary<string, StorageReference> storages, StorageReference view, string rootKey, long first)
    {
        var root = storages[rootKey];
        if (root.Start < 0)
        {
            throw file.Broken($"storage '{rootKey}' is missing");
        }

        view.Start = root.Start + (first * root.Type.ElementSize());
    }
}
