using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Plotly.NET;

/// <summary>Writes figures' JSON: real numbers with a point, what is not a number as a word, tuples as lists.</summary>
internal static class JsonText
{
    public static string Of(object? value)
    {
        var text = new StringBuilder();
        Write(text, value);
        return text.ToString();
    }

    private static void Write(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case IWritten written:
                Write(text, written.Json);
                break;
            case Fields fields:
                List(text, '{', '}', fields.Entries, entry =>
                {
                    Quoted(text, entry.Key);
                    text.Append(':');
                    Write(text, entry.Value);
                });
                break;
            case string words:
                Quoted(text, words);
                break;
            case ITuple tuple:
                List(text, '[', ']', Enumerable.Range(0, tuple.Length).Select(i => tuple[i]), item => Write(text, item));
                break;
            case IEnumerable items:
                List(text, '[', ']', items.Cast<object?>(), item => Write(text, item));
                break;
            default:
                Single(text, value);
                break;
        }
    }

    private static void Single(StringBuilder text, object value)
    {
        switch (value)
        {
            case bool flag:
                text.Append(flag ? "true" : "false");
                break;
            case float or double when !double.IsFinite(Convert.ToDouble(value, CultureInfo.InvariantCulture)):
                Quoted(text, Convert.ToString(value, CultureInfo.InvariantCulture)!);
                break;
            case float or double or decimal:
                var number = Convert.ToString(value, CultureInfo.InvariantCulture)!;
                text.Append(number).Append(number.AsSpan().IndexOfAny(".E") < 0 ? ".0" : "");
                break;
            case DateTime time:
                Quoted(text, time.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture));
                break;
            case Enum or char:
                Quoted(text, value.ToString()!);
                break;
            default:
                text.Append(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    private static void List<T>(StringBuilder text, char open, char close, IEnumerable<T> items, Action<T> write)
    {
        text.Append(open);
        var first = true;
        foreach (var item in items)
        {
            text.Append(first ? "" : ",");
            first = false;
            write(item);
        }

        text.Append(close);
    }

    private static void Quoted(StringBuilder text, string words)
    {
        text.Append('"');
        foreach (var letter in words)
        {
            text.Append(letter switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' => $"\\u{(int)letter:x4}",
                _ => $"{letter}",
            });
        }

        text.Append('"');
    }
}
