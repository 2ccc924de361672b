using System.Buffers;
using System.Text.Json;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Madtp.Kit.Data;

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

/// <summary>
/// An array in a JSON file as a list: 16 bytes are kept for each element, and an element is read when it is asked for. So a
/// file of half a million entries opens in seconds and takes a few megabytes. Safe to use from several threads.
/// </summary>
internal sealed class JsonIndex : IDisposable
{
    private readonly string path;
    private readonly JsonSlice[] slices;
    private readonly SafeFileHandle file;

    private JsonIndex(string path, JsonSlice[] slices)
    {
        this.path = path;
        this.slices = slices;
        file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
    }

    public int Count => slices.Length;

    public JsonRecord this[int index]
    {
        get
        {
            var slice = slices[index];
            var bytes = new byte[slice.Length];
            for (var read = 0; read < bytes.Length;)
            {
                var more = RandomAccess.Read(file, bytes.AsSpan(read), slice.Offset + read);
                read += more > 0 ? more : throw new InvalidDataException($"{path}: the file has become shorter since it was opened");
            }

            return JsonRecord.Parse(bytes, $"{path}, line {slice.Line}");
        }
    }

    /// <summary>Finds the elements of an array.</summary>
    /// <param name="path">The file.</param>
    /// <param name="property">The array's name in the top object; null where the file itself is the array.</param>
    /// <param name="visit">Sees each element's bytes once, with its number, to note what is needed without parsing it later.</param>
    public static JsonIndex Open(string path, string? property = null, Action<int, ReadOnlySpan<byte>>? visit = null)
    {
        var slices = new List<JsonSlice>();
        JsonArrayScanner.Scan(path, property, (slice, json) =>
        {
            visit?.Invoke(slices.Count, json);
            slices.Add(slice);
        });
        return new JsonIndex(path, [.. slices]);
    }

    public void Dispose() => file.Dispose();
}

/// <summary>
/// Walks over the elements of one array in a large JSON file without parsing them: either the file is the array, or the array
/// is a property of the object that the file is. Holds one element at a time.
/// </summary>
internal sealed class JsonArrayScanner : IDisposable
{
    private const int MaxElement = 64 << 20;
    private static readonly SearchValues<byte> Structural = SearchValues.Create("\"{}[]\n"u8);
    private static readonly SearchValues<byte> InString = SearchValues.Create("\"\\\n"u8);
    private readonly string path;
    private readonly FileStream stream;
    private byte[] buffer = new byte[1 << 16];
    private int start; // the first byte that is still needed
    private int at;    // the next byte to look at
    private int end;   // one past the last byte read
    private long offset; // where in the file buffer[0] is
    private int line = 1;

    private JsonArrayScanner(string path)
    {
        this.path = path;
        stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
    }

    /// <summary>Receives an element's place and bytes; the bytes are good only during the call.</summary>
    public delegate void Visit(JsonSlice slice, ReadOnlySpan<byte> json);

    /// <summary>Tells the first character of a file that is not white: '[' and '{' tell the common forms apart.</summary>
    public static char FirstCharacter(string path)
    {
        using var scanner = new JsonArrayScanner(path);
        scanner.SkipMark();
        return scanner.SkipWhite() ? (char)scanner.buffer[scanner.at] : throw new InvalidDataException($"{path}: empty");
    }

    /// <summary>A text at the top of the object that the file is; null where there is none.</summary>
    public static string? TopText(string path, string property)
    {
        using var scanner = new JsonArrayScanner(path);
        scanner.SkipMark();
        if (!scanner.TryFindProperty(property) || scanner.Peek("a value") != '"')
        {
            return null;
        }

        scanner.start = scanner.at;
        scanner.SkipString();
        return JsonSerializer.Deserialize<string>(scanner.buffer.AsSpan(scanner.start, scanner.at - scanner.start));
    }

    /// <summary>Whether the file is an object with such a property.</summary>
    public static bool HasProperty(string path, string property)
    {
        using var scanner = new JsonArrayScanner(path);
        scanner.SkipMark();
        return scanner.Peek("a value") == '{' && scanner.TryFindProperty(property);
    }

    /// <summary>Visits every element of the array.</summary>
    /// <param name="path">The file.</param>
    /// <param name="property">The array's name in the top object; null where the file itself is the array.</param>
    /// <param name="visit">Receives each element in order.</param>
    /// <exception cref="InvalidDataException">The file has no such array, or is cut off.</exception>
    public static void Scan(string path, string? property, Visit visit)
    {
        using var scanner = new JsonArrayScanner(path);
        scanner.SkipMark();
        if (property is not null)
        {
            scanner.FindProperty(property);
        }

        scanner.VisitElements(visit);
    }

    /// <summary>The elements as parsed records, one at a time.</summary>
    public static IEnumerable<JsonRecord> Records(string path, string? property = null)
    {
        using var scanner = new JsonArrayScanner(path);
        scanner.SkipMark();
        if (property is not null)
        {
            scanner.FindProperty(property);
        }

        scanner.Expect('[', "an array");
        for (var isFirst = true; scanner.NextElement(isFirst) is { } slice; isFirst = false)
        {
            yield return JsonRecord.Parse(scanner.buffer.AsMemory(scanner.start, slice.Length), $"{path}, line {slice.Line}");
        }
    }

    public void Dispose() => stream.Dispose();

    private void VisitElements(Visit visit)
    {
        Expect('[', "an array");
        for (var isFirst = true; NextElement(isFirst) is { } slice; isFirst = false)
        {
            visit(slice, buffer.AsSpan(start, slice.Length));
        }
    }

    /// <summary>Steps to the next element; its bytes begin at <see cref="start"/>. Null at the array's end.</summary>
    private JsonSlice? NextElement(bool isFirst)
    {
        start = at;
        var next = Peek("the array's end");
        if (next == ']')
        {
            at++;
            return null;
        }

        if (!isFirst)
        {
            Expect(',', "a comma or the array's end");
            next = Peek("an element");
        }

        start = at;
        var firstLine = line;
        SkipValue();
        return new JsonSlice(offset + start, at - start, firstLine);
    }

    private void FindProperty(string name)
    {
        if (!TryFindProperty(name))
        {
            throw new InvalidDataException($"{path}: the object has no \"{name}\"");
        }
    }

    private bool TryFindProperty(string name)
    {
        Expect('{', "an object");
        var wanted = Encoding.UTF8.GetBytes(name);
        for (var isFirst = true; ; isFirst = false)
        {
            start = at;
            var next = Peek("a property");
            if (next == '}')
            {
                return false;
            }

            if (!isFirst)
            {
                Expect(',', "a comma or the object's end");
                next = Peek("a property");
            }

            if (next != '"')
            {
                throw Error("a property's name is expected");
            }

            start = at;
            SkipString();
            var isWanted = buffer.AsSpan(start + 1, at - start - 2).SequenceEqual(wanted);
            Expect(':', "a colon");
            Peek("a value");
            if (isWanted)
            {
                return true;
            }

            SkipValue(keep: false);
        }
    }

    private void SkipValue(bool keep = true)
    {
        switch (buffer[at])
        {
            case (byte)'"':
                SkipString();
                break;
            case (byte)'{' or (byte)'[':
                SkipContainer(keep);
                break;
            default:
                while (at < end || Fill())
                {
                    if (buffer[at] is (byte)',' or (byte)']' or (byte)'}' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
                    {
                        return;
                    }

                    at++;
                }

                break;
        }
    }

    private void SkipContainer(bool keep)
    {
        var depth = 0;
        do
        {
            if (!keep)
            {
                start = at; // nothing before this is needed any more
            }

            var next = FindAny(Structural);
            switch (next)
            {
                case (byte)'"':
                    SkipString();
                    break;
                case (byte)'\n':
                    line++;
                    at++;
                    break;
                case (byte)'{' or (byte)'[':
                    depth++;
                    at++;
                    break;
                default:
                    depth--;
                    at++;
                    break;
            }
        }
        while (depth > 0);
    }

    private void SkipString()
    {
        at++;
        while (true)
        {
            switch (FindAny(InString))
            {
                case (byte)'"':
                    at++;
                    return;
                case (byte)'\\':
                    at++;
                    if (at >= end && !Fill())
                    {
                        throw Cut();
                    }

                    at++;
                    break;
                default:
                    throw Error("a text runs over the end of its line");
            }
        }
    }

    private byte FindAny(SearchValues<byte> wanted)
    {
        while (true)
        {
            var found = buffer.AsSpan(at, end - at).IndexOfAny(wanted);
            if (found >= 0)
            {
                at += found;
                return buffer[at];
            }

            at = end;
            if (!Fill())
            {
                throw Cut();
            }
        }
    }

    private void Expect(char wanted, string what)
    {
        if (Peek(what) != wanted)
        {
            throw Error($"{what} is expected, not '{(char)buffer[at]}'");
        }

        at++;
    }

    private byte Peek(string what) => SkipWhite() ? buffer[at] : throw new InvalidDataException($"{path}: cut off at line {line}: {what} is missing");

    private bool SkipWhite()
    {
        while (at < end || Fill())
        {
            switch (buffer[at])
            {
                case (byte)'\n':
                    line++;
                    break;
                case (byte)' ' or (byte)'\r' or (byte)'\t':
                    break;
                default:
                    return true;
            }

            at++;
        }

        return false;
    }

    private void SkipMark()
    {
        Fill();
        if (buffer.AsSpan(0, end).StartsWith("\uFEFF"u8))
        {
            at = 3;
        }
    }

    /// <summary>Reads on, keeping what begins at <see cref="start"/>; false at the file's end.</summary>
    private bool Fill()
    {
        if (end == buffer.Length)
        {
            if (start > 0)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                offset += start;
                at -= start;
                end -= start;
                start = 0;
            }
            else if (buffer.Length >= MaxElement)
            {
                throw Error($"an element of more than {MaxElement >> 20} MiB");
            }
            else
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }

        var read = stream.Read(buffer, end, buffer.Length - end);
        end += read;
        return read > 0;
    }

    private InvalidDataException Cut() => new($"{path}: cut off at line {line}");

    private InvalidDataException Error(string what) => new($"{path}, line {line}: {what}");
}

/// <summary>Where one element of an array stands in a file.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">How many bytes it has.</param>
/// <param name="Line">Its first line, from 1.</param>
internal readonly record struct JsonSlice(long Offset, int Length, int Line);

/// <summary>Files of one JSON object a line, read as a stream. Empty lines are passed over.</summary>
internal static class JsonLines
{
    /// <summary>The file's records in order.</summary>
    /// <exception cref="InvalidDataException">A line is not one JSON object; the message names file and line.</exception>
    public static IEnumerable<JsonRecord> Read(string path)
    {
        using var reader = new StreamReader(path);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return JsonRecord.Parse(System.Text.Encoding.UTF8.GetBytes(line), $"{path}, line {number}");
            }
        }
    }
}

/// <summary>Takes one property out of an object's bytes without building anything of the rest.</summary>
internal static class JsonPeek
{
    /// <summary>A whole number; null where the property is absent or something else.</summary>
    public static long? Number(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json);
        return Find(ref reader, name) && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : null;
    }

    /// <summary>A text; null where the property is absent or something else.</summary>
    public static string? Text(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json);
        return Find(ref reader, name) && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
    }

    private static bool Find(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
                {
                    var isWanted = reader.ValueTextEquals(name);
                    reader.Read();
                    if (isWanted)
                    {
                        return true;
                    }

                    reader.Skip();
                }
            }
        }
        catch (JsonException)
        {
            // Parsing the element in full names the fault and its line.
        }

        return false;
    }
}
