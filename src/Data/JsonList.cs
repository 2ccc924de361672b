using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Madtp.Kit.Text;
using Microsoft.Win32.SafeHandles;

namespace Madtp.Kit.Data;

/// <summary>An array in a JSON file as a list: 16 bytes are kept for each element, and an element is read when it is asked for.
/// So a file of half a million entries opens in seconds and takes a few megabytes. Safe to use from several threads.</summary>
internal sealed class JsonList : IReadOnlyList<JsonRecord>, IDisposable
{
    private const int MaxElement = 64 << 20; // bytes
    private readonly string path;
    private readonly List<(long Offset, int Length)> places = [];
    private readonly SafeFileHandle file;

    /// <summary>Goes once through the file, building nothing of it.</summary>
    /// <param name="property">The array's name in the object that the file is; null where the file itself is the array.</param>
    /// <exception cref="InvalidDataException">There is no such array, or it is malformed; the message names the line.</exception>
    public JsonList(string path, string? property = null) : this(path, property, property is null ? 1 : 2, [], out _)
    {
    }

    /// <summary>The same, telling on the way what the elements are called.</summary>
    /// <param name="property">The array's name, as above.</param>
    /// <param name="keys">The property that names an element; where one may lack it, further properties.</param>
    /// <param name="names">Of each element the text, or number as text, of the first of these properties that it has.</param>
    /// <exception cref="InvalidDataException">As above, or an element has none of these properties.</exception>
    public JsonList(string path, string? property, string[] keys, out List<string> names)
        : this(path, property, property is null ? 1 : 2, keys, out names)
    {
    }

    private JsonList(string path, string? property, int depth, string[] keys, out List<string> names)
    {
        this.path = path;
        var (isInside, isNext) = (depth == 0, depth == 1); // of the array; whether the next token begins it
        var (begin, key, best, known) = (0L, -1, 0, new List<string>());
        ReadTokens(path, isLines: depth == 0, (ref Utf8JsonReader reader, long at) =>
        {
            if (!isInside)
            {
                (isInside, isNext) = (IsArrayBegin(ref reader, at, isNext), IsProperty(ref reader, property));
                return true;
            }

            if (reader.CurrentDepth == depth + 1 && keys.Length > 0)
            {
                Name(ref reader, at, keys, known, ref key, ref best);
            }
            else if (reader.CurrentDepth == depth)
            {
                Add(ref reader, at, ref begin);
                if (keys.Length > 0 && known.Count < places.Count)
                {
                    var wanted = string.Join(" or ", keys.Select(name => $"\"{name}\""));
                    throw new InvalidDataException($"{path}: entry {places.Count} has no {wanted}");
                }
            }

            return reader.CurrentDepth >= depth;
        });
        names = known;
        file = isInside ? File.OpenHandle(path, options: FileOptions.RandomAccess) : throw new InvalidDataException(
            property is null || new FileInfo(path).Length == 0 ? $"{path}: empty; fetch or make it again"
                : $"{path}: the object has no \"{property}\"");
    }

    private delegate bool OnToken(ref Utf8JsonReader reader, long at);

    public int Count => places.Count;

    /// <summary>An element, read from the file.</summary>
    /// <exception cref="InvalidDataException">It is no object.</exception>
    public JsonRecord this[int index]
    {
        get
        {
            var (offset, length) = places[index];
            var bytes = new byte[length];
            for (var read = 0; read < length;)
            {
                var more = RandomAccess.Read(file, bytes.AsSpan(read), offset + read);
                read += more > 0 ? more
                    : throw new InvalidDataException($"{path}: the file has become shorter since it was opened");
            }

            return JsonRecord.Parse(bytes, path, offset);
        }
    }

    /// <summary>A file of one JSON object a line.</summary>
    /// <exception cref="InvalidDataException">A line is malformed; the message names file and line.</exception>
    public static JsonList OfLines(string path) => new(path, null, 0, [], out _);

    /// <summary>Whether a file is an array: what tells the common forms apart.</summary>
    /// <exception cref="InvalidDataException">It is empty.</exception>
    public static bool IsArray(string path)
    {
        bool? isArray = null;
        ReadTokens(path, isLines: false, (ref Utf8JsonReader reader, long _) =>
        {
            isArray = reader.TokenType == JsonTokenType.StartArray;
            return false;
        });
        return isArray ?? throw new InvalidDataException($"{path}: empty; fetch or make it again");
    }

    /// <summary>The properties of the object that a file is, each with its text, or null where it is something else or no text at
    /// all.</summary>
    public static IReadOnlyDictionary<string, string?> Properties(string path)
    {
        var properties = new Dictionary<string, string?>();
        var name = string.Empty;
        ReadTokens(path, isLines: false, (ref Utf8JsonReader reader, long _) =>
        {
            if (reader.CurrentDepth == 1 && reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String)
            {
                var isName = reader.TokenType == JsonTokenType.PropertyName;
                var text = TextOf(ref reader);
                name = isName ? text ?? string.Empty : name;
                properties[name] = isName ? null : text;
            }

            return true;
        });
        return properties;
    }

    /// <summary>The path of a file that is there.</summary>
    /// <exception cref="FileNotFoundException">It is not.</exception>
    public static string Require(string path) => File.Exists(path) ? path
        : throw new FileNotFoundException($"there is no file '{path}'; what a data set lacks './kit data status' tells", path);

    /// <summary>The line, from 1, that a place in a file stands on.</summary>
    public static int LineOf(string path, long offset)
    {
        using var file = File.OpenRead(path);
        var (line, part) = (1, new byte[1 << 16]);
        for (int read; offset > 0 && (read = file.Read(part, 0, (int)Math.Min(part.Length, offset))) > 0; offset -= read)
        {
            line += part.AsSpan(0, read).Count((byte)'\n');
        }

        return line;
    }

    public IEnumerator<JsonRecord> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose() => file.Dispose();

    private bool IsArrayBegin(ref Utf8JsonReader reader, long at, bool isNext)
    {
        var isWrong = isNext ? reader.TokenType != JsonTokenType.StartArray
            : reader.CurrentDepth == 0 && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.EndObject);
        return isWrong
            ? throw new InvalidDataException($"{path}, line {LineOf(path, at)}: an {(isNext ? "array" : "object")} is expected")
            : isNext;
    }

    private static bool IsProperty(ref Utf8JsonReader reader, string? name) =>
        reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && TextOf(ref reader) == name;

    // Null where the text is none: bytes that are no UTF-8, or half of a character.
    private static string? TextOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Keeps, of the values right in an element, the one of the foremost key.</summary>
    private void Name(
        ref Utf8JsonReader reader, long at, string[] keys, List<string> names, ref int key, ref int best)
    {
        if (reader.TokenType == JsonTokenType.PropertyName)
        {
            key = Array.IndexOf(keys, TextOf(ref reader));
            return;
        }

        var isScalar = reader.TokenType is JsonTokenType.String or JsonTokenType.Number;
        if (key >= 0 && isScalar && (names.Count == places.Count || key <= best)) // the last of two of one name, as everywhere
        {
            names.RemoveRange(places.Count, names.Count - places.Count);
            names.Add(reader.TokenType == JsonTokenType.Number ? Encoding.UTF8.GetString(reader.ValueSpan)
                : TextOf(ref reader) ?? throw new InvalidDataException(
                    $"{path}, line {LineOf(path, at)}: \"{keys[key]}\" {JsonRecord.NoText(reader.ValueSpan)}"));
            best = key;
        }

        key = -1;
    }

    /// <summary>Notes where an element begins and ends.</summary>
    private void Add(ref Utf8JsonReader reader, long at, ref long begin)
    {
        begin = reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray ? begin : at;
        var length = at - begin + reader.BytesConsumed - reader.TokenStartIndex;
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            places.Add((begin, length <= MaxElement ? (int)length : throw new InvalidDataException(
                $"{path}, line {LineOf(path, begin)}: an element of more than {MaxElement >> 20} MiB")));
        }
    }

    /// <summary>Hands out every token of a file with the place of its first byte, until it is told to stop.</summary>
    private static void ReadTokens(string path, bool isLines, OnToken on)
    {
        using var stream = new FileStream(
            Require(path), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        var state = new JsonReaderState(new JsonReaderOptions { AllowMultipleValues = isLines });
        var (buffer, end, offset, isWhole) = (new byte[1 << 18], 0, 0L, false);
        try
        {
            while (!isWhole)
            {
                if (end == buffer.Length)
                {
                    Array.Resize(ref buffer, 2 * end); // a text longer than the buffer
                }

                var read = stream.Read(buffer, end, buffer.Length - end);
                (end, isWhole) = (end + read, read == 0);
                var mark = offset == 0 && buffer.AsSpan(0, end).StartsWith("\uFEFF"u8) ? 3 : 0;
                var reader = new Utf8JsonReader(buffer.AsSpan(mark, end - mark), isWhole, state);
                while (reader.Read())
                {
                    if (!on(ref reader, offset + mark + reader.TokenStartIndex))
                    {
                        return;
                    }
                }

                state = reader.CurrentState;
                var used = mark + (int)reader.BytesConsumed;
                buffer.AsSpan(used, end - used).CopyTo(buffer);
                (offset, end) = (offset + used, end - used);
            }
        }
        catch (JsonException) when (offset == 0 && buffer.AsSpan(0, end) is [0xff, 0xfe, ..] or [0xfe, 0xff, ..])
        {
            throw new InvalidDataException(
                $"{path} is UTF-16; save the file as UTF-8, such as by 'iconv -f utf-16 -t utf-8'");
        }
        catch (JsonException e) when (offset > 0 || end > 0)
        {
            throw new InvalidDataException(
                $"{path}, line {e.LineNumber + 1}: not valid JSON ({JsonRecord.Reason(e)}); mend it or fetch it again", e);
        }
        catch (JsonException)
        {
            // an empty file has no token
        }
    }
}

/// <summary>The entries of a data set's files, each read when it is asked for.</summary>
/// <param name="read">Reads one, by its number from 0.</param>
/// <param name="files">What is closed with the list.</param>
public class FileList<T>(int count, Func<int, T> read, params IDisposable?[] files) : IReadOnlyList<T>, IDisposable
{
    /// <summary>How many entries there are.</summary>
    public int Count => count;

    /// <summary>An entry, in the files' order.</summary>
    /// <param name="index">From 0.</param>
    /// <exception cref="InvalidDataException">The entry is malformed; the message names file and line.</exception>
    public T this[int index] => (uint)index < (uint)count
        ? read(index)
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"there are {count} entries");

    public IEnumerator<T> GetEnumerator() => Enumerable.Range(0, count).Select(read).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Closes the files.</summary>
    public void Dispose() => Array.ForEach(files, file => file?.Dispose());
}

/// <summary>One record of a data set's file: its JSON object, and where it stands, so that an error can say so.</summary>
internal sealed record JsonRecord(string Path, long Offset, JsonElement Element)
{
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

    /// <summary>A text, a number as it is written (some files quote identifiers and others do not), or null where there is
    /// none.</summary>
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
    public string[] Texts(string name) => Value(name) switch
    {
        { ValueKind: JsonValueKind.String } value => [Read(name, value)],
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String) =>
            [.. value.EnumerateArray().Select(v => Read(name, v))],
        _ => throw Wrong(name, "a list of texts"),
    };

    /// <summary>A list of objects.</summary>
    public JsonRecord[] Records(string name) => Value(name) switch
    {
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.Object) =>
            [.. value.EnumerateArray().Select(v => this with { Element = v })],
        _ => throw Wrong(name, "a list of objects"),
    };

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

    /// <summary>What is wrong, without the place (lines are counted from 0 there), types, and characters that are no
    /// words.</summary>
    public static string Reason(JsonException e)
    {
        var reason = e.Message.StartsWith("The JSON value could not", StringComparison.Ordinal) ? $"{e.Path} is of another kind"
            // What follows is for programmers: "in this mode. Change the reader options."
            : e.Message.Split(" LineNumber:")[0].Split(" Path:")[0].Split(" | ")[0].Split(" in this mode")[0];
        reason = string.Concat(reason.Select(c => char.IsControl(c) ? ' ' : c));
        return reason.Length > 200 ? $"{reason[..197]}..." : reason;
    }

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
