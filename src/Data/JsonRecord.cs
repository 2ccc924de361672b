using System.Text.Json.Serialization;
using System.Text.Unicode;
using Madtp.Kit.Text;

namespace Madtp.Kit.Data;

/// <summary>Files of JSON as records, and what is wrong with them in words for people.</summary>
internal static class JsonRecord
{
    /// <summary>What <see cref="ParseTruth"/> reads.</summary>
    public const string TruthForms = "True or False, 1 or 0";

    /// <summary>How the field writes its annotations: <c>snake_case</c>; numbers in quotes or without; a text alone for a list of
    /// one; NLVR2's labels as texts. Parameters of a record that have no default must be there.</summary>
    public static JsonSerializerOptions Field { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters =
        {
            new Form<string>("a text", TextOf),
            new Form<string[]>("a list of texts", value => value.ValueKind == JsonValueKind.Array
                ? value.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String)
                    ? value.EnumerateArray().Select(TextOf).ToArray() : null
                : value.ValueKind == JsonValueKind.String ? new[] { TextOf(value) } : null),
            new Form<long>("a whole number", value => value.ValueKind is JsonValueKind.Number or JsonValueKind.String
                && long.TryParse(TextOf(value), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    ? number : null),
            new Form<bool>(TruthForms, value => ParseTruth(TextOf(value) ?? value.GetRawText())),
        },
    };

    /// <summary>What a file of JSON holds, read whole; a mark at its beginning does no harm.</summary>
    /// <param name="message">What to say where it holds something else.</param>
    /// <exception cref="InvalidDataException">It does.</exception>
    public static T Read<T>(string path, Func<JsonException, string> message, JsonSerializerOptions? options = null)
    {
        try
        {
            ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
            return JsonSerializer.Deserialize<T>(bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes, options)
                ?? throw new JsonException("it is null", path: null, lineNumber: 0, bytePositionInLine: 0);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(message(e), e);
        }
    }

    /// <summary>"True" or "1", "False" or "0", in any case, with blanks around; null for all else.</summary>
    public static bool? ParseTruth(string text) => text.Trim() switch
    {
        "1" => true,
        "0" => false,
        var word => bool.TryParse(word, out var truth) ? truth : null,
    };

    /// <summary>What is wrong, without the place (lines are counted from 0 there), types, and what is no word.</summary>
    public static string Reason(JsonException e)
    {
        bool Begins(string with) => e.Message.StartsWith(with, StringComparison.Ordinal);
        var name = Regex.Match(e.Path ?? "", @"\w+(?=\W*(\d+\])?$)").Value;
        // What follows is for programmers: "in this mode. Change the reader options."
        var reason = e is WrongValue ? $"\"{name}\" {e.Message}"
            : e.InnerException is InvalidOperationException && e.InnerException.Message.Contains("UTF", StringComparison.Ordinal)
                ? "a name or text has half a character, or is not UTF-8; mend it there"
            : Begins("The JSON value could not") ? $"{e.Path} is of another kind"
            : Begins("The JSON property") ? $"{e.Path} is not known"
            : Begins("The input does not contain any JSON") ? "there is nothing in it"
            : Begins("The constructor parameter") ? $"\"{name}\" must not be null"
            : e.Message.Split("missing required properties including: ") is [_, var missing]
                ? $"no {missing.Split('.')[0].Replace('\'', '"')}"
            : e.Message.Split(" LineNumber:")[0].Split(" Path:")[0].Split(" | ")[0].Split(" in this mode")[0]
                .Split(" encountered during")[0];
        reason = string.Concat(reason.Select(c => char.IsControl(c) ? ' ' : c));
        return reason.Length > 200 ? $"{reason[..197]}..." : reason;
    }

    /// <summary>A file that a record names, in a folder.</summary>
    /// <param name="names">The name, or folders below and the name, as the record has them.</param>
    /// <exception cref="InvalidDataException">It would lie outside: another's file is not this one's to read.</exception>
    public static string FileIn(string folder, params IReadOnlyList<string> names)
    {
        var (name, depth) = (string.Join('/', names.Where(part => part.Length > 0)), 0);
        var leaves = name.Length == 0 || name.Any(char.IsControl) || names.Any(Path.IsPathRooted);
        foreach (var part in name.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar))
        {
            depth += part is ".." ? -1 : part is "" or "." ? 0 : 1;
            leaves |= depth < 0;
        }

        Guard.Data(!leaves && depth > 0, $"{Printable.Quoted(string.Join('/', names))} is no name of a file within the folder of "
            + $"images; mend the file");
        return Path.Combine(folder, name);
    }

    // A text, or a number as it is written: some files quote identifiers, others do not.
    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number => value.GetRawText(),
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            throw new WrongValue(Utf8.IsValid(JsonMarshal.GetRawUtf8Value(value))
                ? "has half a character (\\ud800 to \\udfff without its other half); mend it there"
                : "is not UTF-8; save the file as UTF-8, such as by 'iconv -f latin1 -t utf-8'");
        }
    }

    private sealed class WrongValue(string message) : JsonException(message);

    // A value in any of the forms that are in use; null is none of them.
    private sealed class Form<T>(string wanted, Func<JsonElement, object?> read) : JsonConverter<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            var raw = JsonMarshal.GetRawUtf8Value(document.RootElement); // bytes that are no UTF-8 become signs of that
            return read(document.RootElement) is T value ? value
                : throw new WrongValue($"must be {wanted}, not {Printable.Shown(Encoding.UTF8.GetString(raw))}");
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            throw new NotSupportedException("annotations of the field are only read");
    }
}
