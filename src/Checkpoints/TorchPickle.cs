using System.Globalization;
using System.Numerics;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>What PyTorch's pickles may name: tensors, their storages, ordered dictionaries; in TorchScript archives also modules and typed lists.</summary>
/// <param name="locate">Finds a storage that a pickle mentions, once per mention.</param>
/// <param name="isScript">Whether module classes and TorchScript's list builders are allowed.</param>
internal sealed class TorchVocabulary(Func<StorageReference, object?[], StorageReference> locate, bool isScript)
{
    private const string ScriptLists = "torch.jit._pickle";

    /// <summary>Whether a pickle may name this class or function; everything else is refused.</summary>
    public bool Allows(PickleGlobal global) => global switch
    {
        ("collections", "OrderedDict") => true,
        ("torch._utils", "_rebuild_tensor_v2" or "_rebuild_tensor" or "_rebuild_parameter") => true,
        ("torch", "Size") => true,
        ("_codecs", "encode") => true,
        ("torch", var name) => ElementNames.FromStorage(name) is not null,
        (ScriptLists, "build_intlist" or "build_doublelist" or "build_boollist" or "build_tensorlist" or "restore_type_tag") => isScript,
        var (module, _) => isScript && IsModule(module),
    };

    /// <summary>The data that calling an allowed name stands for.</summary>
    /// <exception cref="InvalidDataException">The arguments are not what the name takes.</exception>
    public object? Call(PickleGlobal global, object?[] arguments) => (global.Name, arguments) switch
    {
        _ when IsModule(global.Module) => new ModuleState(),
        ("OrderedDict", []) => new PickleDictionary(),
        ("OrderedDict", [List<object?> pairs]) => FromPairs(pairs),
        ("Size", [object?[] sizes]) => sizes,
        // Protocol 2 has no bytes of its own: it writes them as text in which each character is one byte.
        ("encode", [string text, "latin1"]) => Encoding.Latin1.GetBytes(text),
        ("_rebuild_tensor_v2", [StorageReference storage, long first, object?[] shape, object?[] strides, bool, _, ..]) => Rebuild(storage, first, shape, strides),
        ("_rebuild_tensor", [StorageReference storage, long first, object?[] shape, object?[] strides]) => Rebuild(storage, first, shape, strides),
        ("_rebuild_parameter", [TensorReference tensor, bool, _]) => tensor,
        ("build_intlist" or "build_doublelist" or "build_boollist" or "build_tensorlist", [List<object?> items]) => items,
        ("restore_type_tag", [var value, string]) => value,
        _ => throw new InvalidDataException($"it gives {global} arguments that it does not take"),
    };

    /// <summary>Sets the state of an object that <see cref="Call"/> made.</summary>
    /// <exception cref="InvalidDataException">That object takes no state.</exception>
    public void SetState(object? target, object? state)
    {
        // An ordered dictionary's state is its attributes (PyTorch keeps version numbers of modules there), not its items.
        if (target is ModuleState module)
        {
            module.State = state;
        }
        else if (target is not PickleDictionary)
        {
            throw new InvalidDataException("it sets the state of something that has none");
        }
    }

    /// <summary>The storage behind a persistent identifier.</summary>
    /// <exception cref="InvalidDataException">The identifier is not a storage's.</exception>
    public object Resolve(object? identifier)
    {
        if (identifier is not (object?[] and ["storage", PickleGlobal kind, string key, string, long count, .. var view]))
        {
            throw new InvalidDataException("it refers to something outside itself that is not a storage");
        }

        var type = ElementNames.FromStorage(kind.Name) ?? throw new InvalidDataException($"storage '{key}' is of kind {kind}, which holds no numbers the kit reads");
        if (count < 0 || count > long.MaxValue / 8)
        {
            throw new InvalidDataException($"storage '{key}' claims {count} elements");
        }

        return locate(new StorageReference(type, key, count), view);
    }

    private static bool IsModule(string module) => module == "__torch__" || module.StartsWith("__torch__.", StringComparison.Ordinal);

    private static PickleDictionary FromPairs(List<object?> pairs)
    {
        var dictionary = new PickleDictionary();
        foreach (var pair in pairs)
        {
            dictionary.Items.Add(pair switch
            {
                object?[] and [var key, var value] => new(key, value),
                List<object?> and [var key, var value] => new(key, value),
                _ => throw new InvalidDataException("an ordered dictionary is made of something else than pairs"),
            });
        }

        return dictionary;
    }

    private static TensorReference Rebuild(StorageReference storage, long first, object?[] shape, object?[] strides)
    {
        if (first < 0 || first > storage.Count)
        {
            throw new InvalidDataException($"a tensor begins at element {first} of storage '{storage.Key}', which has {storage.Count}");
        }

        var layout = TensorLayout.Strided(Numbers(shape), Numbers(strides), storage.Count - first, out var reason)
            ?? throw new InvalidDataException($"a tensor over storage '{storage.Key}': {reason}");
        return new TensorReference(storage, first, layout);
    }

    private static long[] Numbers(object?[] items) =>
        Array.ConvertAll(items, item => item is long number ? number : throw new InvalidDataException("a tensor's shape or strides are not whole numbers"));
}

/// <summary>
/// Flattens what a pickle held into tensors and plain values with dotted names. A pickle can refer to one object many times over,
/// or to itself, so depth, count and total length of names are bounded.
/// </summary>
internal sealed class PickleContents(FileBytes file)
{
    private const int MaximumDepth = 64;
    private const int MaximumItems = 1_000_000;
    private const long MaximumNameCharacters = 64_000_000;

    private readonly List<TensorEntry> tensors = [];
    private readonly Dictionary<string, object?> values = [];
    private readonly HashSet<string> names = [];
    private int items;
    private long characters;

    /// <summary>All tensors and values under a pickle's root.</summary>
    public static CheckpointContents Flatten(FileBytes file, CheckpointFormat format, object? root)
    {
        var contents = new PickleContents(file);
        contents.Visit("", root, 0);
        return new CheckpointContents(format, contents.tensors, contents.values, new Dictionary<string, string>());
    }

    private void Visit(string name, object? value, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw file.Broken($"its pickle nests deeper than {MaximumDepth} levels, or into itself, under '{Shorten(name)}'");
        }

        if (++items > MaximumItems)
        {
            throw file.Broken($"its pickle unfolds to more than {MaximumItems} items");
        }

        switch (value)
        {
            case PickleDictionary dictionary:
                foreach (var (key, item) in dictionary.Items)
                {
                    Visit(Join(name, Key(key, name)), item, depth + 1);
                }

                break;
            case ModuleState module:
                Visit(name, module.State, depth + 1);
                break;
            case List<object?> list:
                VisitAll(name, list, depth);
                break;
            case object?[] tuple:
                VisitAll(name, tuple, depth);
                break;
            case TensorReference tensor:
                AddTensor(Claim(name), tensor);
                break;
            case null or bool or long or double or string or byte[] or BigInteger:
                values[Claim(name)] = value;
                break;
            default:
                throw file.Broken($"its pickle holds a bare {(value is PickleGlobal ? "name" : "storage")} at '{Shorten(name)}', which is neither a tensor nor a plain value");
        }
    }

    private void VisitAll(string name, IReadOnlyList<object?> list, int depth)
    {
        for (var i = 0; i < list.Count; i++)
        {
            Visit(Join(name, i.ToString(CultureInfo.InvariantCulture)), list[i], depth + 1);
        }
    }

    private void AddTensor(string name, TensorReference tensor)
    {
        if (tensor.Storage.Start < 0)
        {
            throw file.Broken($"the storage '{tensor.Storage.Key}' of tensor '{name}' is missing");
        }

        var start = tensor.Storage.Start + (tensor.FirstElement * tensor.Storage.Type.ElementSize());
        tensors.Add(new TensorEntry(name, tensor.Storage.Type, file, start, tensor.Layout));
    }

    private string Claim(string name)
    {
        var claimed = name.Length == 0 ? "value" : name;
        return names.Add(claimed) ? claimed : throw file.Broken($"its pickle holds '{Shorten(claimed)}' twice");
    }

    private string Join(string name, string key)
    {
        characters += name.Length + key.Length;
        if (characters > MaximumNameCharacters)
        {
            throw file.Broken("the names in its pickle are longer than any checkpoint's");
        }

        return name.Length == 0 ? key : $"{name}.{key}";
    }

    private string Key(object? key, string name) => key switch
    {
        string text => text,
        long number => number.ToString(CultureInfo.InvariantCulture),
        _ => throw file.Broken($"a dictionary in its pickle, under '{Shorten(name)}', has a key that is neither a string nor a number"),
    };

    private static string Shorten(string name) => name.Length <= 100 ? name : name[..100] + "…";
}

/// <summary>An object of a TorchScript archive: its attributes are data like any dictionary's, its class does not matter.</summary>
internal sealed class ModuleState
{
    /// <summary>The attributes.</summary>
    public object? State { get; set; }
}

/// <summary>A block of numbers that tensors of a pickle share. Where it lies is known at once in a zip archive, at the end in a legacy file.</summary>
internal sealed class StorageReference(ScalarType type, string key, long count)
{
    /// <summary>What one element is.</summary>
    public ScalarType Type { get; } = type;

    /// <summary>The storage's name within the file.</summary>
    public string Key { get; } = key;

    /// <summary>How many elements it has, as the pickle says and the file bears out.</summary>
    public long Count { get; } = count;

    /// <summary>The byte at which it begins; -1 until it is known.</summary>
    public long Start { get; set; } = -1;
}

/// <summary>A tensor that a pickle describes: a view of a storage.</summary>
internal sealed record TensorReference(StorageReference Storage, long FirstElement, TensorLayout Layout);
