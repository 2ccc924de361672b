using System.Text;

namespace Madtp.Kit.Checkpoints;

/// <summary>What PyTorch's pickles may name: tensors, their storages, ordered dictionaries; in TorchScript archives also modules and typed lists.</summary>
/// <param name="locate">Finds a storage that a pickle mentions, once per mention.</param>
/// <param name="isScript">Whether module classes and TorchScript's list builders are allowed.</param>
internal sealed class TorchVocabulary(Func<StorageReference, object?[], StorageReference> locate, bool isScript) : IPickleVocabulary
{
    private const string ScriptLists = "torch.jit._pickle";

    /// <inheritdoc/>
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

    /// <inheritdoc/>
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

    /// <inheritdoc/>
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

    /// <inheritdoc/>
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
