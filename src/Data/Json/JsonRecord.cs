using System.Text.Json;

namespace Madtp.Kit.Data.Json;

/// <summary>One record of a data set's file: its JSON object, and where it stands, so that an error can say so.</summary>
internal sealed class JsonRecord
{
    private readonly string place;
    private readonly JsonElement element;

    private JsonRecord(string place, JsonElement element)
    {
        this.place = place;
        this.element = element;
    }

    /// <summary>Parses a record.</summary>
    /// <exception cref="InvalidDataException">The bytes are not one JSON object.</exception>
    public static JsonRecord Parse(ReadOnlyMemory<byte> json, string place)
    {
        try
        {
            // A copy of its own: the bytes belong to the reader's buffer.
            using var document = JsonDocument.Parse(json);
            var element = document.RootElement.Clone();
            return element.ValueKind == JsonValueKind.Object
                ? new JsonRecord(place, element)
                : throw new InvalidDataException($"{place}: an object is expected, not {Describe(element)}");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{place}: not valid JSON ({e.Message})", e);
        }
    }

    public bool Has(string name) => element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    public string Text(string name)
        => Value(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw Wrong(name, "a text");

    /// <summary>A text, a number as it is written, or null where there is none: for identifiers that some files quote and others do not.</summary>
    public string? Label(string name) => !Has(name) ? null : Value(name) switch
    {
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { ValueKind: JsonValueKind.Number } value => value.GetRawText(),
        _ => throw Wrong(name, "a text or a number"),
    };

    public long Number(string name)
        => Value(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : throw Wrong(name, "a whole number");

    /// <summary>"True" and "False" as texts, as NLVR2 has them, or JSON's own true and false.</summary>
    public bool Truth(string name) => Value(name) switch
    {
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.String } value when bool.TryParse(value.GetString(), out var truth) => truth,
        _ => throw Wrong(name, "\"True\" or \"False\""),
    };

    /// <summary>A list of texts; a text alone counts as a list of one.</summary>
    public string[] Texts(string name)
    {
        var value = Value(name);
        return value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.Array => [.. value.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.String ? v.GetString()! : throw Wrong(name, "a list of texts"))],
            _ => throw Wrong(name, "a list of texts"),
        };
    }

    /// <summary>A list of objects.</summary>
    public JsonRecord[] Records(string name)
    {
        var value = Value(name);
        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.Object)
            ? [.. value.EnumerateArray().Select(v => new JsonRecord(place, v))]
            : throw Wrong(name, "a list of objects");
    }

    /// <summary>An error about this record, naming its file and line.</summary>
    public InvalidDataException Error(string what) => new($"{place}: {what}");

    private JsonElement Value(string name) => element.TryGetProperty(name, out var value) ? value : throw new InvalidDataException($"{place}: no \"{name}\"");

    private InvalidDataException Wrong(string name, string wanted) => new($"{place}: \"{name}\" must be {wanted}, not {Describe(Value(name))}");

    private static string Describe(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 60 ? text : $"{text[..57]}...";
    }
}
