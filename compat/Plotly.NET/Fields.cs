using Microsoft.FSharp.Core;
using Plotly.NET.CSharp;

namespace Plotly.NET;

/// <summary>A JSON object under construction: names in the order they were set, nested by paths such as <c>marker.color</c>.</summary>
internal sealed class Fields
{
    private readonly List<KeyValuePair<string, object?>> entries = [];

    public static Fields Empty => new();

    public IReadOnlyList<KeyValuePair<string, object?>> Entries => entries;

    /// <summary>A trace of a type; figures write null for one that is not to be seen.</summary>
    public static Fields Trace(string? type) => Of("type", type);

    public static Fields Of(string name, object? value)
    {
        var fields = new Fields();
        fields.Put(name, value);
        return fields;
    }

    public object? this[string name] => entries.Find(entry => entry.Key == name).Value;

    public Fields Set(string path, object value)
    {
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            Put(path, value);
        }
        else
        {
            Inner(path[..dot]).Set(path[(dot + 1)..], value);
        }

        return this;
    }

    public Fields Set<T>(string path, Optional<T> value) => value.IsSome ? Set(path, (object)value.Value!) : this;

    public Fields Set<T>(string path, FSharpOption<T>? value) => value is null ? this : Set(path, (object)value.Value!);

    /// <summary>An object that is there even if nothing is set in it.</summary>
    public Fields Object(string path)
    {
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            Inner(path);
        }
        else
        {
            Inner(path[..dot]).Object(path[(dot + 1)..]);
        }

        return this;
    }

    /// <summary>Both, the other's values winning; objects in them are joined in turn, notes are added up.</summary>
    public Fields With(Fields other)
    {
        var joined = new Fields();
        joined.entries.AddRange(entries);
        foreach (var (name, value) in other.entries)
        {
            joined.Put(name, (joined[name], value) switch
            {
                (Fields mine, Fields theirs) => mine.With(theirs),
                (object[] mine, object[] theirs) when name == "annotations" => (object[])[.. mine, .. theirs],
                _ => value,
            });
        }

        return joined;
    }

    /// <summary>The same without one name.</summary>
    public Fields Without(string name)
    {
        var left = new Fields();
        left.entries.AddRange(entries.Where(entry => entry.Key != name));
        return left;
    }

    private Fields Inner(string name)
    {
        if (this[name] is not Fields inner)
        {
            inner = new Fields();
            Put(name, inner);
        }

        return inner;
    }

    private void Put(string name, object? value)
    {
        // Settings objects are copied: whoever made them may use them again.
        value = value is IWritten { Json: Fields written } ? Empty.With(written) : value;
        var place = entries.FindIndex(entry => entry.Key == name);
        if (place < 0)
        {
            entries.Add(new(name, value));
        }
        else
        {
            entries[place] = new(name, value);
        }
    }
}
