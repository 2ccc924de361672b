using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Madtp.Kit.Text;

/// <summary>
/// Reads texts from a stream that holds one JSON string a line, as it arrives.
/// Unlike the runtime's reader it takes an escaped lone surrogate for what it is, as Python's does.
/// </summary>
/// <param name="stream">UTF-8 lines; the last may lack its line feed.</param>
/// <param name="source">What a message calls the stream.</param>
public sealed class JsonStringReader(Stream stream, string source)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, true);
    private byte[] buffer = new byte[1 << 16];
    private int start;
    private int end;

    /// <summary>Called before waiting for more input: what was answered so far should go out then.</summary>
    public event Action? Waiting;

    /// <summary>The number of the line read last, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>The next line's text; null at the end.</summary>
    /// <exception cref="InvalidDataException">A line is not one JSON string in UTF-8; the message names the source and the
    /// line.</exception>
    public string? Read()
    {
        var searched = start;
        while (true)
        {
            var length = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                var line = buffer.AsSpan(start, searched + length - start);
                start = searched + length + 1;
                return Parse(line);
            }

            searched = end - start;
            if (!Fill())
            {
                var rest = buffer.AsSpan(start, end - start);
                start = end;
                return rest.IsEmpty ? null : Parse(rest);
            }
        }
    }

    private bool Fill()
    {
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        (start, end) = (0, end - start);
        if (end == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        Waiting?.Invoke();
        var read = stream.Read(buffer, end, buffer.Length - end);
        end += read;
        return read > 0;
    }

    private string Parse(ReadOnlySpan<byte> line)
    {
        Line++;
        try
        {
            var reader = new Utf8JsonReader(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.String)
            {
                throw new InvalidDataException($"{source}, line {Line}: it is not a JSON string; every line holds one, such as \"two dogs\"");
            }

            var text = reader.ValueIsEscaped ? Unescape(reader.ValueSpan) : StrictUtf8.GetString(reader.ValueSpan);
            return !reader.Read() ? text : throw new InvalidDataException($"{source}, line {Line}: something follows the string");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{source}, line {Line}: it is not a JSON string, at byte {e.BytePositionInLine + 1}; every line holds one, such as \"two dogs\"", e);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{source}, line {Line}: the string is not UTF-8", e);
        }
    }

    private static string Unescape(ReadOnlySpan<byte> escaped)
    {
        var result = new StringBuilder(escaped.Length);
        while (!escaped.IsEmpty)
        {
            var plain = escaped.IndexOf((byte)'\\');
            result.Append(StrictUtf8.GetString(plain < 0 ? escaped : escaped[..plain]));
            if (plain < 0)
            {
                break;
            }

            var code = escaped[plain + 1];
            result.Append(code switch
            {
                (byte)'n' => '\n',
                (byte)'t' => '\t',
                (byte)'r' => '\r',
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'u' => (char)int.Parse(escaped.Slice(plain + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                _ => (char)code,
            });
            escaped = escaped[(plain + (code == 'u' ? 6 : 2))..];
        }

        return result.ToString();
    }
}
