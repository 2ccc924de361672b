using System.Globalization;
using System.Numerics;
using TorchSharp;

namespace Madtp.Kit.Checkpoints;

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
