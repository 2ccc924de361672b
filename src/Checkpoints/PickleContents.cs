using System.Numerics;
using static Madtp.Kit.Text.Printable;

namespace Madtp.Kit.Checkpoints;

/// <summary>Flattens what a pickle held into tensors and plain values with dotted names. A pickle can refer to one object many
/// times over, or to itself, so depth, count and memory are bounded.</summary>
internal sealed class PickleContents(FileBytes file, CheckpointFormat format, MemoryBudget budget)
{
    private const int MaximumDepth = 64;
    private const int MaximumItems = 2_000_000;
    private const int Many = 100; // plain values in a row: a history of losses, a vocabulary, a generator's state

    private readonly List<TensorEntry> tensors = [];
    private readonly Dictionary<string, string> unread = [];
    private readonly Dictionary<string, object?> values = [];
    private readonly HashSet<string> names = []; // of tensors, read or not
    private readonly HashSet<object> path = new(ReferenceEqualityComparer.Instance); // what the value in hand lies in
    private readonly Dictionary<object, bool> histories = new(ReferenceEqualityComparer.Instance);
    private int items;
    private long bytes; // of all tensors

    /// <summary>All tensors and values under a pickle's root.</summary>
    public static CheckpointFile Flatten(FileBytes file, CheckpointFormat format, object? root, MemoryBudget budget)
    {
        var contents = new PickleContents(file, format, budget);
        contents.Visit("", root, 0);
        return new CheckpointFile(file, format, contents.tensors) { Unread = contents.unread, Values = contents.values };
    }

    // What lies in itself, deeper than any weight, or is a long row of plain values, is one opaque object: it may stand beside
    // weights, and none lies in it.
    private void Visit(string name, object? value, int depth)
    {
        // A dictionary's keys and a module's attributes are looked through at each visit.
        items += 1 + ((value as PickleDictionary ?? (value as PickledObject)?.State as PickleDictionary)?.Items.Count ?? 0);
        Guard.Data(items <= MaximumItems, $"its pickle unfolds to more than {MaximumItems} items");
        var inner = value is PickleDictionary or PickledObject or IReadOnlyList<object?> ? value : null;
        if (inner is not null && (depth > MaximumDepth || !path.Add(inner)))
        {
            values[Claim(name)] = new PickledObject(
                depth > MaximumDepth ? $"nested deeper than {MaximumDepth} levels" : "what it lies in itself");
            return;
        }

        Unfold(name, value, depth);
        if (inner is not null)
            path.Remove(inner);
    }

    private void Unfold(string name, object? value, int depth)
    {
        switch (value)
        {
            case PickleDictionary { Items: var pairs } when IsHistory(value, pairs.Count, pairs.Select(pair => pair.Value)):
                values[Claim(name)] = new PickledObject($"dict of {pairs.Count}");
                break;
            case IReadOnlyList<object?> row when IsHistory(row, row.Count, row):
                values[Claim(name)] = new PickledObject($"list of {row.Count}");
                break;
            case PickleDictionary named when named.Items.All(item => Key(item.Key) is not null):
                foreach (var (key, item) in named.Items)
                    Visit(Join(name, Key(key)!), item, depth + 1);

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
                    Visit(name, part, depth + 1);

                break;
            case IReadOnlyList<object?> list:
                for (var i = 0; i < list.Count; i++)
                    Visit(Join(name, i.ToString(CultureInfo.InvariantCulture)), list[i], depth + 1);

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
        Guard.Data(names.Add(name), $"its pickle holds {Quoted(name)} twice");
        if (tensor is not { Storage: { Type: { } type } storage, Layout: { } layout })
        {
            unread.Add(name, tensor.Kind);
            return;
        }

        Guard.Data(storage.Bytes is not null, $"the storage {Quoted(storage.Key)} of tensor {Quoted(name)} is missing");
        var first = storage.Start + (tensor.FirstElement * storage.ElementSize);
        tensors.Add(new TensorEntry(name, type, storage.Bytes, first, layout));
        Guard.Data((bytes += tensors[^1].ByteCount) <= (16 * file.Length) + (256 << 20),
            $"its tensors unfold to more than 16 times its size and 256 MB: they are the same numbers again and again");
    }

    private string Claim(string name)
    {
        var claimed = name.Length == 0 ? "value" : name;
        budget.Take(6 * MemoryBudget.Small); // its places in two tables, and what it names
        return claimed;
    }

    private string Join(string name, string key)
    {
        budget.Take(MemoryBudget.Small + (2L * (name.Length + key.Length)));
        return name.Length == 0 ? key : $"{name}.{key}";
    }

    private bool IsHistory(object value, int count, IEnumerable<object?> items)
    {
        if (count > Many && !histories.ContainsKey(value))
            histories.Add(value, items.All(item => item is null or bool or long or double or string or byte[] or BigInteger));

        return count > Many && histories[value];
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
