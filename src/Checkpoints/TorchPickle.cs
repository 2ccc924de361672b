using System.Globalization;
using System.Numerics;
using System.Text;
using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>A block of numbers that tensors of a pickle share. Where it lies is known at once in a zip archive, at the end in a
/// legacy file.</summary>
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

    /// <summary>This storage, or the one that was mentioned before under its key, which must be the same.</summary>
    public StorageReference Among(Dictionary<string, StorageReference> storages)
    {
        if (storages.TryAdd(Key, this))
        {
            return this;
        }

        var known = storages[Key];
        Guard.Data(
            known.Kind == Kind && known.Count == Count,
            $"storage {Printable.Quoted(Key)} is mentioned as {known.Count} of {known.Element} and as {Count} of {Element}");
        return known;
    }
}

/// <summary>A tensor that a pickle describes: a view of a storage, or of no storage where it is of a kind that is not
/// read.</summary>
internal sealed record TensorReference(StorageReference? Storage, long FirstElement, TensorLayout? Layout, string Kind);

/// <summary>What the names in PyTorch's pickles stand for: tensors, their storages, ordered dictionaries; in TorchScript archives
/// also modules and typed lists. Whatever else is called becomes an opaque object.</summary>
/// <param name="locate">Finds a storage that a pickle mentions, once per mention.</param>
/// <param name="isScript">Whether module classes and TorchScript's list builders are known.</param>
internal sealed class TorchPickle(Func<StorageReference, object?[], StorageReference> locate, bool isScript)
{
    /// <summary>The data that calling a name stands for.</summary>
    /// <exception cref="InvalidDataException">It makes a tensor, and the arguments are not what that takes.</exception>
    public object? Call(PickleGlobal global, object?[] arguments) => (global.Module, global.Name, arguments) switch
    {
        ("collections", "OrderedDict", []) => new PickleDictionary(),
        ("collections", "OrderedDict", [List<object?> pairs]) when pairs
            .All(pair => pair is List<object?> { Count: 2 } or object?[] { Length: 2 }) => FromPairs(pairs),
        ("torch", "Size", [object?[] sizes]) => sizes,
        // Protocol 2 has no bytes of its own: it writes them as text in which each character is one byte.
        ("_codecs", "encode", [string text, "latin1"]) => Encoding.Latin1.GetBytes(text),
        ("torch._utils", "_rebuild_tensor_v2", [StorageReference storage, long first, object?[] shape, object?[] strides, bool,
            _, ..]) =>
            Rebuild(storage, first, shape, strides),
        ("torch._utils", "_rebuild_tensor", [StorageReference storage, long first, object?[] shape, object?[] strides]) =>
            Rebuild(storage, first, shape, strides),
        ("torch._utils", "_rebuild_tensor_v3", [_, _, object?[] shape, _, _, _, PickleGlobal type, ..]) =>
            Unread($"{type} {Damage.Shape(Numbers(shape))}"),
        ("torch._utils", "_rebuild_parameter", [TensorReference tensor, bool, _]) => tensor,
        ("torch._utils", "_rebuild_parameter_with_state", [TensorReference tensor, bool, _, _]) => tensor,
        // A subclass of tensors, such as torch.nn.Buffer: what it is beside a tensor makes no difference to a weight.
        ("torch._tensor", "_rebuild_from_type_v2", [PickleGlobal { Module: "torch._utils" } made, _, object?[] parts, ..]) =>
            Call(made, parts),
        ("torch._utils", "_rebuild_sparse_tensor" or "_rebuild_sparse_csr_tensor", _) => Unread("sparse"),
        ("torch._utils", "_rebuild_qtensor", [_, _, object?[] shape, ..]) => Unread($"quantised {Damage.Shape(Numbers(shape))}"),
        ("torch._utils", "_rebuild_tensor_v2" or "_rebuild_tensor" or "_rebuild_parameter" or "_rebuild_qtensor", _) =>
            throw new InvalidDataException($"it gives {global} arguments that it does not take"),
        ("torch._utils", _, _) when global.Name.StartsWith("_rebuild_", StringComparison.Ordinal) =>
            Unread($"made by {Printable.Quoted(global.Name)}"),
        ("torch.jit._pickle", "build_intlist" or "build_doublelist" or "build_boollist" or "build_tensorlist",
            [List<object?> items]) when isScript => items,
        ("torch.jit._pickle", "restore_type_tag", [var value, string]) when isScript => value,
        ("copyreg" or "copy_reg", "_reconstructor", [PickleGlobal type, ..]) => new PickledObject(type.ToString()),
        _ => new PickledObject(global.ToString()),
    };

    /// <summary>The storage behind a persistent identifier.</summary>
    /// <exception cref="InvalidDataException">The identifier is not a storage's.</exception>
    public object Resolve(object? identifier)
    {
        if (identifier is not (object?[] and ["storage", PickleGlobal kind, string key, string, long count, .. var view]))
        {
            throw new InvalidDataException("it refers to something outside itself that is not a storage");
        }

        var element = ElementNames.OfStorage(kind.ToString());
        Guard.Data(element is not null,
            $"storage {Printable.Quoted(key)} is of kind {Printable.Quoted(kind.ToString())}, which is not one of PyTorch's");
        Guard.Data(count is >= 0 and <= long.MaxValue / 16, $"storage {Printable.Quoted(key)} claims {count} elements");
        return locate(new StorageReference(kind.ToString(), key, count, element.Value.Type, element.Value.Size), view);
    }

    private static TensorReference Unread(string kind) => new(null, 0, null, kind);

    private static PickleDictionary FromPairs(List<object?> pairs)
    {
        var dictionary = new PickleDictionary();
        dictionary.Items.AddRange(pairs.Select(pair => (IReadOnlyList<object?>)pair!).Select(pair => (pair[0], pair[1])));
        return dictionary;
    }

    private static TensorReference Rebuild(StorageReference storage, long first, object?[] shape, object?[] strides)
    {
        var key = Printable.Quoted(storage.Key);
        Guard.Data(first >= 0 && first <= storage.Count,
            $"a tensor begins at element {first} of storage {key}, which has {storage.Count}");
        var layout = TensorLayout.Strided($"a tensor over storage {key}", Numbers(shape), Numbers(strides),
            storage.Count - first);
        return new TensorReference(storage, first, layout, $"{storage.Kind} {Damage.Shape(layout.Shape)}");
    }

    private static long[] Numbers(object?[] items) =>
        Array.ConvertAll(items, item => item is long number ? number
            : throw new InvalidDataException("a tensor's shape or strides are not whole numbers"));
}

/// <summary>Flattens what a pickle held into tensors and plain values with dotted names. A pickle can refer to one object many
/// times over, or to itself, so depth, count and memory are bounded.</summary>
internal sealed class PickleContents(CheckpointFormat format, MemoryBudget budget)
{
    private const int MaximumDepth = 64;
    private const int MaximumItems = 1_000_000;
    private const int Many = 100; // plain values in a row: a history of losses, a vocabulary, a generator's state

    private readonly List<TensorEntry> tensors = [];
    private readonly Dictionary<string, string> unread = [];
    private readonly Dictionary<string, object?> values = [];
    private readonly HashSet<string> names = [];
    private readonly HashSet<object> path = new(ReferenceEqualityComparer.Instance); // what the value in hand lies in
    private readonly Dictionary<object, bool> histories = new(ReferenceEqualityComparer.Instance);
    private int items;

    /// <summary>All tensors and values under a pickle's root.</summary>
    public static CheckpointContents Flatten(CheckpointFormat format, object? root, MemoryBudget budget)
    {
        var contents = new PickleContents(format, budget);
        contents.Visit("", root, 0);
        return new CheckpointContents(
            format, contents.tensors, contents.unread, contents.values, new Dictionary<string, string>());
    }

    // What lies in itself, deeper than any weight, or is a long row of plain values, is one opaque object: it may stand beside
    // weights, and none lies in it.
    private void Visit(string name, object? value, int depth)
    {
        Guard.Data(++items <= MaximumItems, $"its pickle unfolds to more than {MaximumItems} items");
        var inner = value is PickleDictionary or PickledObject or IReadOnlyList<object?> ? value : null;
        if (inner is not null && (depth > MaximumDepth || !path.Add(inner)))
        {
            values[Claim(name)] = new PickledObject(
                depth > MaximumDepth ? $"nested deeper than {MaximumDepth} levels" : "what it lies in itself");
            return;
        }

        Unfold(name, value, depth);
        if (inner is not null)
        {
            path.Remove(inner);
        }
    }

    private void Unfold(string name, object? value, int depth)
    {
        switch (value)
        {
            case PickleDictionary or IReadOnlyList<object?> when IsHistory(value):
                values[Claim(name)] = new PickledObject(value is PickleDictionary dictionary ? $"dict of {dictionary.Items.Count}"
                    : $"list of {((IReadOnlyList<object?>)value).Count}");
                break;
            case PickleDictionary named when named.Items.All(item => Key(item.Key) is not null):
                foreach (var (key, item) in named.Items)
                {
                    Visit(Join(name, Key(key)!), item, depth + 1);
                }

                break;
            case PickledObject { Items: { } own }:
                Visit(name, own, depth + 1);
                break;
            case PickledObject { State: { } state } made when format == CheckpointFormat.TorchScript
                && made.Type.StartsWith("__torch__.", StringComparison.Ordinal): // a module, whose attributes are data
                Visit(name, state, depth + 1);
                break;
            case PickledObject { State: PickleDictionary state } when Module(state) is { } parts: // a whole torch.nn.Module
                foreach (var part in parts)
                {
                    Visit(name, part, depth + 1);
                }

                break;
            case IReadOnlyList<object?> list:
                for (var i = 0; i < list.Count; i++)
                {
                    Visit(Join(name, i.ToString(CultureInfo.InvariantCulture)), list[i], depth + 1);
                }

                break;
            case TensorReference tensor:
                AddTensor(Claim(name), tensor);
                break;
            default:
                values[Claim(name)] = value switch
                {
                    null or bool or long or double or string or byte[] or BigInteger or PickledObject => value,
                    PickleDictionary => new PickledObject("dict"), // its keys are no names
                    StorageReference storage => new PickledObject(storage.Kind),
                    _ => new PickledObject(value.ToString()!), // a class or function, by name
                };
                break;
        }
    }

    private void AddTensor(string name, TensorReference tensor)
    {
        if (tensor is not { Storage: { Type: { } type } storage, Layout: { } layout })
        {
            unread.Add(name, tensor.Kind);
            return;
        }

        Guard.Data(storage.Bytes is not null,
            $"the storage {Printable.Quoted(storage.Key)} of tensor {Printable.Quoted(name)} is missing");
        tensors.Add(new TensorEntry(name, type, storage.Bytes, storage.Start + (tensor.FirstElement * storage.ElementSize),
            layout));
    }

    private string Claim(string name)
    {
        var claimed = name.Length == 0 ? "value" : name;
        budget.Take(6 * MemoryBudget.Small); // its places in two tables, and what it names
        Guard.Data(names.Add(claimed), $"its pickle holds {Printable.Quoted(claimed)} twice");
        return claimed;
    }

    private string Join(string name, string key)
    {
        budget.Take(MemoryBudget.Small + (2L * (name.Length + key.Length)));
        return name.Length == 0 ? key : $"{name}.{key}";
    }

    private bool IsHistory(object value)
    {
        var count = value is PickleDictionary { Items: var pairs } ? pairs.Count : ((IReadOnlyList<object?>)value).Count;
        if (count <= Many || histories.TryGetValue(value, out var isPlain))
        {
            return count > Many && histories[value];
        }

        var all = value is PickleDictionary dictionary ? dictionary.Items.Select(item => item.Value)
            : (IReadOnlyList<object?>)value;
        isPlain = all.All(item => item is null or bool or long or double or string or byte[] or BigInteger);
        histories.Add(value, isPlain);
        return isPlain;
    }

    // The parameters, buffers and children of a module that was pickled whole.
    private static object?[]? Module(PickleDictionary state)
    {
        object?[] parts = [.. state.Items.Where(item => item.Key is "_parameters" or "_buffers" or "_modules")
            .Select(item => item.Value)];
        return parts.Length == 3 && parts.All(part => part is PickleDictionary) ? parts : null;
    }

    private static string? Key(object? key) => key switch
    {
        string text => text,
        long number => number.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };
}
