using System.Collections;
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
    public JsonList(string path, string? property = null) : this(path, property, [], out _)
    {
    }

    /// <summary>The same, telling on the way what the elements are called.</summary>
    /// <param name="keys">The property that names an element; where one may lack it, further properties.</param>
    /// <param name="names">Of each element the text, or number as text, of the first of these properties that it has.</param>
    /// <param name="isLines">Whether the file is no array, but one element a line.</param>
    /// <exception cref="InvalidDataException">As above, or an element has none of these properties.</exception>
    public JsonList(string path, string? property, string[] keys, out List<string> names, bool isLines = false)
    {
        this.path = path;
        var depth = isLines ? 0 : property is null ? 1 : 2; // of the elements
        var (isInside, isNext) = (isLines, depth == 1); // of the array; whether the next token begins it
        var (begin, key, best, known) = (0L, -1, 0, new List<string>());
        ReadTokens(path, isLines, (ref Utf8JsonReader reader, long at) =>
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
    public static JsonList OfLines(string path) => new(path, null, [], out _, isLines: true);

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

    /// <summary>The properties of the object that a file is, each with its text, or null where it is no text.</summary>
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
        Guard.Data(stream.CanSeek, $"{path} {ForeignFile.Pipe}");
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
