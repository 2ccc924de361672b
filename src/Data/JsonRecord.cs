using System.Text.Unicode;
using Madtp.Kit.Text;

namespace Madtp.Kit.Data;

/// <summary>One record of a data set's file: its JSON object, and where it stands, so that an error can say so.</summary>
internal sealed record JsonRecord(string Path, long Offset, JsonElement Element)
{
    /// <summary>What a file of JSON holds, read whole.</summary>
    /// <param name="message">What to say where it holds something else.</param>
    /// <exception cref="InvalidDataException">It does.</exception>
    public static T Read<T>(string path, Func<JsonException, string> message, JsonSerializerOptions? options = null)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), options)
                ?? throw new JsonException("it is null", path: null, lineNumber: 0, bytePositionInLine: 0);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(message(e), e);
        }
    }

    /// <summary>Parses a record.</summary>
    /// <exception cref="InvalidDataException">The bytes are not one JSON object.</exception>
    public static JsonRecord Parse(ReadOnlyMemory<byte> json, string path, long offset)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var record = new JsonRecord(path, offset, document.RootElement.Clone()); // the bytes belong to the reader's buffer
            return record.Element.ValueKind == JsonValueKind.Object
                ? record
                : throw record.Error($"an object is expected, not {Printable.Shown(Raw(record.Element))}");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}, line {JsonList.LineOf(path, offset)}: not valid JSON ({Reason(e)})", e);
        }
    }

    public bool Has(string name) => TryGet(name, out var value) && value.ValueKind != JsonValueKind.Null;

    public string Text(string name) =>
        Value(name) is { ValueKind: JsonValueKind.String } value ? Read(name, value) : throw Wrong(name, "a text");

    /// <summary>A text, a number as it is written (some files quote identifiers, others do not), or null.</summary>
    public string? Label(string name) => !Has(name) ? null : Value(name) switch
    {
        { ValueKind: JsonValueKind.String } value => Read(name, value),
        { ValueKind: JsonValueKind.Number } value => value.GetRawText(),
        _ => throw Wrong(name, "a text or a number"),
    };

    /// <summary>A whole number; some programs write it in quotes.</summary>
    public long Number(string name) => Value(name) switch
    {
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var number) => number,
        { ValueKind: JsonValueKind.String } value
            when long.TryParse(Read(name, value), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            => number,
        _ => throw Wrong(name, "a whole number"),
    };

    /// <summary>"True" and "False" as texts, as NLVR2 has them, JSON's own true and false, 1 and 0.</summary>
    public bool Truth(string name) =>
        (Value(name) is { ValueKind: JsonValueKind.String } value ? ParseTruth(Read(name, value)) : ParseTruth(Raw(Value(name))))
        ?? throw Wrong(name, TruthForms);

    /// <summary>What <see cref="ParseTruth"/> reads.</summary>
    public const string TruthForms = "True or False, 1 or 0";

    /// <summary>"True" or "1", "False" or "0", in any case, with blanks around; null for all else.</summary>
    public static bool? ParseTruth(string text) => text.Trim() switch
    {
        "1" => true,
        "0" => false,
        var word => bool.TryParse(word, out var truth) ? truth : null,
    };

    /// <summary>A list of texts; a text alone counts as a list of one.</summary>
    public string[] Texts(string name) => Value(name) is { ValueKind: JsonValueKind.String } value ? [Read(name, value)]
        : [.. Elements(name, JsonValueKind.String, "texts").Select(text => Read(name, text))];

    /// <summary>A list of objects.</summary>
    public JsonRecord[] Records(string name) =>
        [.. Elements(name, JsonValueKind.Object, "objects").Select(element => this with { Element = element })];

    /// <summary>A file that the record names, in a folder.</summary>
    /// <param name="names">The name, or folders below and the name, as the record has them.</param>
    /// <exception cref="InvalidDataException">It would lie outside: another's file is not this one's to read.</exception>
    public string FileIn(string folder, params IReadOnlyList<string> names)
    {
        var (name, depth) = (string.Join('/', names.Where(part => part.Length > 0)), 0);
        var leaves = name.Length == 0 || name.Any(char.IsControl) || names.Any(System.IO.Path.IsPathRooted);
        foreach (var part in name.Split(System.IO.Path.DirectorySeparatorChar, System.IO.Path.AltDirectorySeparatorChar))
        {
            depth += part is ".." ? -1 : part is "" or "." ? 0 : 1;
            leaves |= depth < 0;
        }

        return leaves || depth == 0 ? throw Error(
            $"{Printable.Quoted(string.Join('/', names))} is no name of a file within the folder of images; mend the file")
            : System.IO.Path.Combine(folder, name);
    }

    /// <summary>An error about this record, naming its file and line.</summary>
    public InvalidDataException Error(string what) => new($"{Path}, line {JsonList.LineOf(Path, Offset)}: {what}");

    /// <summary>What is wrong, without the place (lines are counted from 0 there), types, and what is no word.</summary>
    public static string Reason(JsonException e)
    {
        bool Begins(string with) => e.Message.StartsWith(with, StringComparison.Ordinal);
        var reason = Begins("The JSON value could not") ? $"{e.Path} is of another kind"
            : Begins("The JSON property") ? $"{e.Path} is not known"
            : Begins("The input does not contain any JSON") ? "there is nothing in it"
            // What follows is for programmers: "in this mode. Change the reader options."
            : e.Message.Split(" LineNumber:")[0].Split(" Path:")[0].Split(" | ")[0].Split(" in this mode")[0];
        reason = string.Concat(reason.Select(c => char.IsControl(c) ? ' ' : c));
        return reason.Length > 200 ? $"{reason[..197]}..." : reason;
    }

    private JsonElement[] Elements(string name, JsonValueKind kind, string what) =>
        Value(name) is { ValueKind: JsonValueKind.Array } value && value.EnumerateArray().All(one => one.ValueKind == kind)
            ? [.. value.EnumerateArray()] : throw Wrong(name, $"a list of {what}");

    private JsonElement Value(string name) => TryGet(name, out var value) ? value : throw Error($"no \"{name}\"");

    // Other names that are no texts are met on the way to this one.
    private bool TryGet(string name, out JsonElement value)
    {
        try
        {
            return Element.TryGetProperty(name, out value);
        }
        catch (InvalidOperationException)
        {
            throw Error("the name of a property has half a character, or is not UTF-8; mend it there");
        }
    }

    /// <summary>Why what stands in quotes is no text, and what to do.</summary>
    public static string NoText(ReadOnlySpan<byte> quoted) => Utf8.IsValid(quoted)
        ? "has half a character (\\ud800 to \\udfff without its other half); mend it there"
        : "is not UTF-8; save the file as UTF-8, such as by 'iconv -f latin1 -t utf-8'";

    private string Read(string name, JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Error($"\"{name}\" {NoText(JsonMarshal.GetRawUtf8Value(text))}");
        }
    }

    private InvalidDataException Wrong(string name, string wanted) =>
        Error($"\"{name}\" must be {wanted}, not {Printable.Shown(Raw(Value(name)))}");

    // As it stands in the file; bytes that are no UTF-8 become signs of that.
    private static string Raw(JsonElement value) => Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(value));
}
