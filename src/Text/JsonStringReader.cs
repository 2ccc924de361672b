namespace Madtp.Kit.Text;

/// <summary>Reads JSON strings, one a line, as they arrive. An escaped lone surrogate stays one, as in Python.</summary>
/// <param name="stream">UTF-8 lines; the last may lack its line feed.</param>
public sealed class JsonStringReader(Stream stream, string source)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, true);
    private readonly StreamReader lines = new(stream, Encoding.Latin1, detectEncodingFromByteOrderMarks: false); // a char a byte
    private int line;

    /// <summary>The next line's text; null at the end.</summary>
    /// <exception cref="InvalidDataException">A line is not one JSON string in UTF-8; the message names the line.</exception>
    public string? Read()
    {
        if (lines.ReadLine() is not { } bytes)
        {
            return null;
        }

        line++;
        try
        {
            var mark = line == 1 && bytes.StartsWith("\u00EF\u00BB\u00BF", StringComparison.Ordinal) ? 3 : 0;
            var reader = new Utf8JsonReader(Encoding.Latin1.GetBytes(bytes[mark..]));
            if (!reader.Read() || reader.TokenType != JsonTokenType.String)
            {
                throw Error("it is not a JSON string; every line holds one, such as \"two dogs\"");
            }

            // The reader has checked the escapes, and JSON's are among those of regular expressions.
            var text = StrictUtf8.GetString(reader.ValueSpan);
            text = reader.ValueIsEscaped ? Regex.Unescape(text) : text;
            return !reader.Read() ? text : throw Error("something follows the string");
        }
        catch (JsonException e)
        {
            throw Error(
                $"it is not a JSON string, at byte {e.BytePositionInLine + 1}; every line holds one, such as \"two dogs\"", e);
        }
        catch (DecoderFallbackException e)
        {
            throw Error("the string is not UTF-8", e);
        }
    }

    private InvalidDataException Error(string what, Exception? cause = null) => new($"{source}, line {line}: {what}", cause);
}
