using static Madtp.Kit.Text.Printable;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>Numbers that tensors share. Where they lie is known at once in a zip, at the end in a legacy file.</summary>
/// <param name="Kind">The class that PyTorch calls it by, such as <c>torch.FloatStorage</c>.</param>
/// <param name="Key">Its name within the file.</param>
/// <param name="Count">How many elements it has, as the pickle says and the file bears out.</param>
/// <param name="Type">What one element is; null for kinds that no model here has.</param>
/// <param name="ElementSize">How many bytes one element has.</param>
internal sealed record StorageReference(string Kind, string Key, long Count, ScalarType? Type, int ElementSize)
{
    /// <summary>The bytes that it lies in; null until that is known.</summary>
    public FileBytes? Bytes { get; set; }

    /// <summary>The byte of them at which it begins.</summary>
    public long Start { get; set; }

    /// <summary>What its elements are called in an error.</summary>
    public string Element => Type?.ToString() ?? Kind;
}

/// <summary>A tensor that a pickle describes: a view of a storage, or of none where its kind is not read.</summary>
internal sealed record TensorReference(StorageReference? Storage, long FirstElement, TensorLayout? Layout, string Kind);

/// <summary>What the names in PyTorch's pickles stand for: tensors, their storages, ordered dictionaries; in TorchScript archives
/// also modules and typed lists. Whatever else is called becomes an opaque object.</summary>
/// <param name="isScript">Whether module classes and TorchScript's list builders are known.</param>
/// <param name="place">Finds the bytes of a storage when it is first mentioned; null where they are found later.</param>
internal sealed class TorchPickle(bool isScript, Action<StorageReference>? place = null)
{
    /// <summary>The storages that were mentioned, by key.</summary>
    public Dictionary<string, StorageReference> Storages { get; } = [];

    /// <summary>The data that calling a name stands for.</summary>
    public object? Call(PickleGlobal global, object?[] arguments) => (global.Module, global.Name, arguments) switch
    {
        ("collections", "OrderedDict", []) => new PickleDictionary(),
        ("collections", "OrderedDict", [List<object?> pairs]) => FromPairs(pairs),
        ("torch", "Size", [object?[] sizes]) => sizes,
        // Protocol 2 has no bytes of its own: it writes them as text in which each character is one byte.
        ("_codecs", "encode", [string text, "latin1"]) => Encoding.Latin1.GetBytes(text),
        ("torch._utils", "_rebuild_tensor_v2", [StorageReference storage, long first, object?[] shape, object?[] strides, bool,
            _, .. ([] or [null] or [PickleDictionary { Items: [] }])]) =>
            Rebuild(storage, first, shape, strides),
        ("torch._utils", "_rebuild_tensor_v2", [StorageReference, long, object?[] shape, object?[], bool, _, _, ..]) =>
            Unread($"a view that is negated or conjugated when it is read {Sizes(Numbers(shape))}"),
        ("torch._utils", "_rebuild_tensor", [StorageReference storage, long first, object?[] shape, object?[] strides]) =>
            Rebuild(storage, first, shape, strides),
        ("torch._utils", "_rebuild_tensor_v3", [_, _, object?[] shape, _, _, _, PickleGlobal type, ..]) =>
            Unread($"{type} {Sizes(Numbers(shape))}"),
        ("torch._utils", "_rebuild_parameter", [TensorReference tensor, bool, _]) => tensor,
        ("torch._utils", "_rebuild_parameter_with_state", [TensorReference tensor, bool, _, _]) => tensor,
        // A subclass of tensors, such as torch.nn.Buffer: what it is beside a tensor makes no difference to a weight.
        ("torch._tensor", "_rebuild_from_type_v2", [PickleGlobal { Module: "torch._utils" } made, _, object?[] parts, ..]) =>
            Call(made, parts),
        ("torch._utils", "_rebuild_sparse_tensor" or "_rebuild_sparse_csr_tensor", _) => Unread("sparse"),
        ("torch._utils", "_rebuild_qtensor", [_, _, object?[] shape, ..]) => Unread($"quantised {Sizes(Numbers(shape))}"),
        ("torch._utils", "_rebuild_tensor_v2" or "_rebuild_tensor" or "_rebuild_parameter" or "_rebuild_qtensor", _) =>
            throw new InvalidDataException($"it gives {global} arguments that it does not take"),
        ("torch._utils", _, _) when global.Name.StartsWith("_rebuild_", StringComparison.Ordinal) =>
            Unread($"made by {Quoted(global.Name)}"),
        ("torch.jit._pickle", "build_intlist" or "build_doublelist" or "build_boollist" or "build_tensorlist",
            [List<object?> items]) when isScript => items,
        ("torch.jit._pickle", "restore_type_tag", [var value, string]) when isScript => value,
        ("copyreg" or "copy_reg", "_reconstructor", [PickleGlobal type, ..]) => new PickledObject(type.ToString()),
        _ => new PickledObject(global.ToString()),
    };

    /// <summary>The storage behind a persistent identifier.</summary>
    public object Resolve(object? identifier)
    {
        if (identifier is not (object?[] and ["storage", PickleGlobal kind, string key, string, long count, .. var view]))
            throw new InvalidDataException("it refers to something outside itself that is not a storage");

        var element = ElementNames.OfStorage(kind.ToString());
        Guard.Data(element is not null,
            $"storage {Quoted(key)} is of kind {Quoted(kind.ToString())}, which is not one of PyTorch's");
        Guard.Data(count is >= 0 and <= long.MaxValue / 16, $"storage {Quoted(key)} claims {count} elements");
        Guard.Data(view is [] or [null],
            $"storage {Quoted(key)} is a part of another, as PyTorch before 0.4 wrote; load and save it with a newer one");
        var storage = new StorageReference(kind.ToString(), key, count, element.Value.Type, element.Value.Size);
        if (Storages.TryAdd(key, storage))
        {
            place?.Invoke(storage);
            return storage;
        }

        // It was mentioned before under its key, and must be the same.
        var known = Storages[key];
        Guard.Data(known.Kind == storage.Kind && known.Count == count,
            $"storage {Quoted(key)} is mentioned as {known.Count} of {known.Element} and as {count} of {storage.Element}");
        return known;
    }

    private static TensorReference Unread(string kind) => new(null, 0, null, kind);

    private static PickleDictionary FromPairs(List<object?> pairs)
    {
        var dictionary = new PickleDictionary();
        dictionary.Items.AddRange(pairs.Select(pair => pair is IReadOnlyList<object?> and [var key, var value] ? (key, value)
            : throw new InvalidDataException("it makes a dictionary of what is no list of pairs")));
        return dictionary;
    }

    private static TensorReference Rebuild(StorageReference storage, long first, object?[] shape, object?[] strides)
    {
        var key = Quoted(storage.Key);
        Guard.Data(first >= 0 && first <= storage.Count,
            $"a tensor begins at element {first} of storage {key}, which has {storage.Count}");
        var layout = TensorLayout.Strided($"a tensor over storage {key}", Numbers(shape), Numbers(strides),
            storage.Count - first);
        return new TensorReference(storage, first, layout, $"{storage.Kind} {Sizes(layout.Shape)}");
    }

    private static long[] Numbers(object?[] items)
    {
        Guard.Data(items.Length <= TensorLayout.MaximumRank,
            $"a tensor has {items.Length} dimensions, at most {TensorLayout.MaximumRank} are read");
        return Array.ConvertAll(items, item => item is long number ? number
            : throw new InvalidDataException("a tensor's shape or strides are not whole numbers"));
    }
}
