using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Madtp.Kit.Data.Json;

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
