using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>Any value as text a person can read: sequences in brackets, records with their members, nothing endless.</summary>
internal static class PlainText
{
    public static string Of(object? value)
    {
        var text = new StringBuilder();
        Write(text, value, depth: 0);
        return text.ToString();
    }

    /// <summary>How many items a sequence has beyond those shown; null when only counting them all would tell.</summary>
    public static int? Remaining(IEnumerable items, int shown) =>
        items is ICollection collection ? collection.Count - shown
        : items.GetType().GetInterfaces().FirstOrDefault(each => each.IsGenericType && each.GetGenericTypeDefinition() == typeof(IReadOnlyCollection<>)) is { } counted
            ? (int)counted.GetProperty("Count")!.GetValue(items)! - shown
            : null;

    /// <summary>A C# name for a type: int rather than Int32, List&lt;string&gt; rather than List`1.</summary>
    public static string NameOf(Type type)
    {
        if (Shape.IsAnonymous(type))
        {
            return "";
        }

        if (type.IsArray)
        {
            return $"{NameOf(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        var name = type.Name;
        var tick = name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? Keyword(type) ?? name : $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
    }

    private static void Write(StringBuilder text, object? value, int depth)
    {
        switch (value)
        {
            case null:
                text.Append(Formatter.NullString);
                break;
            case string or bool or char:
                text.Append(value);
                break;
            case Type type:
                text.Append(type.FullName is { } full && !type.IsGenericType ? full : NameOf(type));
                break;
            case IFormattable number:
                text.Append(number.ToString(null, CultureInfo.InvariantCulture));
                break;
            case Task task:
                text.Append(CultureInfo.InvariantCulture, $"{NameOf(task.GetType())} ({task.Status})");
                break;
            case var _ when TensorText.Is(value):
                text.Append(depth == 0 ? TensorText.Whole(value) : TensorText.Summary(value));
                break;
            case Delegate or Exception:
                text.Append(value);
                break;
            case ITuple tuple:
                WriteTuple(text, tuple, depth);
                break;
            case var _ when Shape.WritesItself(value.GetType()):
                text.Append(value);
                break;
            case var _ when depth >= Formatter.RecursionLimit:
                text.Append('…');
                break;
            case Array { Rank: > 1 } array:
                WriteArray(text, array, new int[array.Rank], 0, depth);
                break;
            case IDictionary dictionary:
                WriteDictionary(text, dictionary, depth);
                break;
            case IEnumerable items:
                WriteSequence(text, items, depth);
                break;
            default:
                WriteMembers(text, value, depth);
                break;
        }
    }

    private static void WriteTuple(StringBuilder text, ITuple tuple, int depth)
    {
        text.Append('(');
        for (var i = 0; i < tuple.Length; i++)
        {
            text.Append(i > 0 ? ", " : "");
            Write(text, tuple[i], depth + 1);
        }

        text.Append(')');
    }

    private static void WriteSequence(StringBuilder text, IEnumerable items, int depth)
    {
        var shown = 0;
        var lines = false;
        text.Append('[');
        foreach (var item in items)
        {
            if (shown == Formatter.ListExpansionLimit)
            {
                text.Append(lines ? ",\n  " : ", ").Append(Remaining(items, shown) is { } more ? $"… ({more} more)" : "… (more)");
                break;
            }

            // A sequence of things with insides reads better one to a line, at the outermost level.
            lines = depth == 0 && (shown == 0 ? !Shape.IsScalar(item) : lines);
            text.Append(shown > 0 ? "," : "").Append(lines ? "\n  " : " ");
            Write(text, item, depth + 1);
            shown++;
        }

        text.Append(lines ? "\n]" : shown == 0 ? "]" : " ]");
    }

    private static void WriteDictionary(StringBuilder text, IDictionary dictionary, int depth)
    {
        var shown = 0;
        text.Append('{');
        foreach (DictionaryEntry entry in dictionary)
        {
            if (shown == Formatter.ListExpansionLimit)
            {
                text.Append(CultureInfo.InvariantCulture, $", … ({dictionary.Count - shown} more)");
                break;
            }

            text.Append(shown++ > 0 ? ", " : " ");
            Write(text, entry.Key, depth + 1);
            text.Append(": ");
            Write(text, entry.Value, depth + 1);
        }

        text.Append(" }");
    }

    private static void WriteArray(StringBuilder text, Array array, int[] index, int dimension, int depth)
    {
        var length = array.GetLength(dimension);
        text.Append('[');
        for (var i = 0; i < length; i++)
        {
            text.Append(i > 0 ? ", " : " ");
            if (i == Formatter.ListExpansionLimit)
            {
                text.Append(CultureInfo.InvariantCulture, $"… ({length - i} more)");
                break;
            }

            index[dimension] = i + array.GetLowerBound(dimension);
            if (dimension + 1 < array.Rank)
            {
                WriteArray(text, array, index, dimension + 1, depth);
            }
            else
            {
                Write(text, array.GetValue(index), depth + 1);
            }
        }

        text.Append(" ]");
    }

    private static void WriteMembers(StringBuilder text, object value, int depth)
    {
        var name = NameOf(value.GetType());
        text.Append(name).Append(name.Length > 0 ? " {" : "{");
        var separator = " ";
        foreach (var member in Shape.MembersOf(value.GetType()))
        {
            text.Append(separator).Append(member.Name).Append(" = ");
            Write(text, member.ValueIn(value), depth + 1);
            separator = ", ";
        }

        text.Append(" }");
    }

    private static string? Keyword(Type type) => type == typeof(object) ? "object" : Type.GetTypeCode(type) switch
    {
        _ when type.IsEnum => null,
        TypeCode.Boolean => "bool",
        TypeCode.Byte => "byte",
        TypeCode.Char => "char",
        TypeCode.Decimal => "decimal",
        TypeCode.Double => "double",
        TypeCode.Int16 => "short",
        TypeCode.Int32 => "int",
        TypeCode.Int64 => "long",
        TypeCode.SByte => "sbyte",
        TypeCode.Single => "float",
        TypeCode.String => "string",
        TypeCode.UInt16 => "ushort",
        TypeCode.UInt32 => "uint",
        TypeCode.UInt64 => "ulong",
        _ => null,
    };
}
