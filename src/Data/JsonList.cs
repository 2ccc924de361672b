using Madtp.Kit.Text;
using Microsoft.Win32.SafeHandles;

namespace Madtp.Kit.Data;

/// <summary>An array in a JSON file: 16 bytes are kept for each element, and an element is read when it is asked for. So a file
/// of half a million entries opens in seconds and takes a few megabytes. Safe to use from several threads.</summary>
internal sealed class JsonList : IDisposable
{
    private const int MaxElement = 64 << 20; // bytes
    private readonly string path;
    private readonly List<(long Offset, int Length)> places = [];
    private readonly Walk walk;
    private readonly SafeFileHandle file;

    /// <summary>Goes once through the file, building nothing of it.</summary>
    /// <param name="property">The array's name in the object that the file is; null where the file itself is the array.</param>
    /// <param name="isLines">Whether the file is no array, but one element a line.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">There is no such array, or it is malformed; the message names the line.</exception>
    public JsonList(string path, string? property = null, bool isLines = false)
    {
        this.path = path;
        walk = new Walk(property, isLines);
        Scan(isLines);
        Guard.Data(walk.IsFound || new FileInfo(path).Length > 0, $"{path}: empty; fetch or make it again");
        Guard.Data(walk.IsFound, $"{path}: the object has no \"{property}\"");
        file = File.OpenHandle(path, options: FileOptions.RandomAccess);
    }

    public int Count => places.Count;

    /// <summary>The properties of the object that the file is, each with its text, or null where it is no text.</summary>
    public IReadOnlyDictionary<string, string?> Properties => walk.Properties;

    /// <summary>Whether a file is an array: what tells the common forms apart.</summary>
    /// <exception cref="InvalidDataException">It is empty.</exception>
    public static bool IsArray(string path)
    {
        using var reader = new StreamReader(Require(path));
        var first = ' ';
        while (char.IsWhiteSpace(first))
        {
            first = reader.Read() is >= 0 and var next ? (char)next
                : throw new InvalidDataException($"{path}: empty; fetch or make it again");
        }

        return first == '[';
    }

    /// <summary>The path of a file that is there.</summary>
    /// <exception cref="FileNotFoundException">It is not.</exception>
    public static string Require(string path) => File.Exists(path) ? path
        : throw new FileNotFoundException($"there is no file '{path}'; what a data set lacks './kit data status' tells", path);

    /// <summary>An element as a record in the field's manner (<see cref="JsonRecord.Field"/>).</summary>
    /// <exception cref="InvalidDataException">It is another; the message names file and line.</exception>
    public T Read<T>(int index) => Read(index, (T row, int _) => row);

    /// <summary>Every element, in the file's order.</summary>
    public IEnumerable<T> ReadAll<T>() => Enumerable.Range(0, Count).Select(Read<T>);

    /// <summary>What the elements are made into, each when it is asked for; what that finds wrong is told with file and
    /// line.</summary>
    /// <param name="make">Makes it of the record and its number; says what is wrong by an
    /// <see cref="InvalidDataException"/>.</param>
    public FileList<T> Select<TRow, T>(Func<TRow, int, T> make) => new(Count, index => Read(index, make), this);

    public void Dispose() => file.Dispose();

    private T Read<TRow, T>(int index, Func<TRow, int, T> make)
    {
        var (offset, length) = places[index];
        var bytes = new byte[length];
        for (var read = 0; read < length;)
        {
            var more = RandomAccess.Read(file, bytes.AsSpan(read), offset + read);
            Guard.Data(more > 0, $"{path}: the file has become shorter since it was opened");
            read += more;
        }

        try
        {
            Guard.Data(bytes[0] == '{', $"an object is expected, not {Printable.Shown(Encoding.UTF8.GetString(bytes))}");
            return make(JsonSerializer.Deserialize<TRow>(bytes, JsonRecord.Field)!, index);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            throw Error(offset, e is JsonException wrong ? JsonRecord.Reason(wrong) : e.Message, e);
        }
    }

    private InvalidDataException Error(long offset, string what, Exception? e = null)
    {
        using var stream = File.OpenRead(path);
        var (line, part) = (1, new byte[1 << 16]);
        for (int read; offset > 0 && (read = stream.Read(part, 0, (int)Math.Min(part.Length, offset))) > 0; offset -= read)
            line += part.AsSpan(0, read).Count((byte)'\n');

        return new InvalidDataException($"{path}, line {line}: {what}", e);
    }

    /// <summary>Notes where each element lies.</summary>
    private void Scan(bool isLines)
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
                    Guard.Data(end <= MaxElement, $"{path}: something in it takes more than {MaxElement >> 20} MiB");
                    Array.Resize(ref buffer, 2 * end);
                }

                var read = stream.Read(buffer, end, buffer.Length - end);
                (end, isWhole) = (end + read, read == 0);
                var mark = offset == 0 && buffer.AsSpan(0, end).StartsWith("\uFEFF"u8) ? 3 : 0;
                var reader = new Utf8JsonReader(buffer.AsSpan(mark, end - mark), isWhole, state);
                for (var before = reader; reader.Read(); before = reader)
                {
                    var at = offset + mark + reader.TokenStartIndex;
                    if (walk.Follow(ref reader) is { } wanted)
                        throw Error(at, $"{wanted} is expected");

                    if (walk.IsElement && !reader.TrySkip())
                    {
                        reader = before; // its end is still to be read
                        break;
                    }

                    if (walk.IsElement)
                        places.Add((at, (int)(offset + mark + reader.BytesConsumed - at)));
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

    /// <summary>Where in the file's outline a reader is.</summary>
    private sealed class Walk(string? property, bool isLines)
    {
        private readonly int depth = isLines ? 0 : property is null ? 1 : 2; // of the elements
        private bool isInside = isLines; // of the array
        private string name = "";

        public bool IsFound { get; private set; } = isLines;

        /// <summary>Whether the token begins an element.</summary>
        public bool IsElement { get; private set; }

        public Dictionary<string, string?> Properties { get; } = [];

        /// <summary>Follows a token; tells what should stand there where it is something else.</summary>
        public string? Follow(ref Utf8JsonReader reader)
        {
            var (token, level) = (reader.TokenType, reader.CurrentDepth);
            IsElement = isInside && level >= depth;
            if (isInside)
            {
                isInside = IsElement; // else it is the array's end
                return null;
            }

            if (level == 1 && token == JsonTokenType.PropertyName)
            {
                Properties[name = TextOf(ref reader) ?? ""] = null;
                return null;
            }

            if (property is null || (level == 1 && name == property))
            {
                isInside = IsFound = token == JsonTokenType.StartArray;
                return isInside ? null : "an array";
            }

            if (level == 1 && token == JsonTokenType.String)
                Properties[name] = TextOf(ref reader);

            return level > 0 || token is JsonTokenType.StartObject or JsonTokenType.EndObject ? null : "an object";
        }

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
    }
}
