using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>Any value as text a person can read: sequences in brackets, records with their members, nothing endless.</summary>
internal static class PlainText
{
    /// <summary>A value alone, by the formatter its type has.</summary>
    public static string Of(object? value) => value.ToDisplayString(KernelFormats.Plain);

    /// <summary>How many items a sequence has beyond those shown; null when only counting them all would tell.</summary>
    public static int? Remaining(IEnumerable items, int shown) =>
        items is ICollection collection ? collection.Count - shown
        : items.GetType().GetInterfaces()
            .FirstOrDefault(each => each.IsGenericType
            && each.GetGenericTypeDefinition() == typeof(IReadOnlyCollection<>)) is { } counted
            ? (int)counted.GetProperty("Count")!.GetValue(items)! - shown
            : null;

    /// <summary>A C# name for a type: int rather than Int32, List&lt;string&gt; rather than List`1.</summary>
    public static string NameOf(Type type)
    {
        if (Shape.IsAnonymous(type))
            return "";

        if (type.IsArray)
            return $"{NameOf(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";

        var name = type.Name;
        var tick = name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? Keyword(type) ?? name
            : $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
    }

    /// <summary>Writes a value; what is inside it is written by the formatters of its own type.</summary>
    public static void Write(object value, FormatContext context)
    {
        var text = context.Writer;
        switch (value)
        {
            case string or bool or char:
                text.Write(value);
                break;
            case Type type:
                text.Write(type.FullName is { } full && !type.IsGenericType ? full : NameOf(type));
                break;
            case IFormattable number:
                text.Write(number.ToString(null, CultureInfo.InvariantCulture));
                break;
            case Task task:
                text.Write($"{NameOf(task.GetType())} ({task.Status})");
                break;
            case Delegate or Exception:
                text.Write(value);
                break;
            case ITuple tuple:
                WriteTuple(tuple, context);
                break;
            case var _ when Shape.WritesItself(value.GetType()):
                text.Write(value);
                break;
            case Array { Rank: > 1 } array:
                WriteArray(array, new int[array.Rank], 0, context);
                break;
            case IDictionary dictionary:
                WriteDictionary(dictionary, context);
                break;
            case IEnumerable items:
                WriteSequence(items, context);
                break;
            default:
                WriteMembers(value, context);
                break;
        }
    }

    // The package follows objects no deeper than its limit, and then goes by its own ways: the end of the way is ours.
    private static void Inside(object? value, FormatContext context)
    {
        if (context.Depth >= Formatter.RecursionLimit && !Shape.IsScalar(value))
            context.Writer.Write('…');
        else
            value.FormatTo(context, KernelFormats.Plain);
    }

    private static void WriteTuple(ITuple tuple, FormatContext context)
    {
        context.Writer.Write('(');
        for (var i = 0; i < tuple.Length; i++)
        {
            context.Writer.Write(i > 0 ? ", " : "");
            Inside(tuple[i], context);
        }

        context.Writer.Write(')');
    }

    private static void WriteSequence(IEnumerable items, FormatContext context)
    {
        var text = context.Writer;
        var shown = 0;
        var lines = false;
        text.Write('[');
        foreach (var item in items)
        {
            if (shown == Formatter.ListExpansionLimit)
            {
                text.Write(lines ? ",\n  " : ", ");
                text.Write(Remaining(items, shown) is { } more ? $"… ({more} more)" : "… (more)");
                break;
            }

            // A sequence of things with insides reads better one to a line, at the outermost level.
            lines = context.Depth <= 1 && (shown == 0 ? !Shape.IsScalar(item) : lines);
            text.Write(shown > 0 ? "," : "");
            text.Write(lines ? "\n  " : " ");
            Inside(item, context);
            shown++;
        }

        text.Write(lines ? "\n]" : shown == 0 ? "]" : " ]");
    }

    private static void WriteDictionary(IDictionary dictionary, FormatContext context)
    {
        var shown = 0;
        context.Writer.Write('{');
        foreach (DictionaryEntry entry in dictionary)
        {
            if (shown == Formatter.ListExpansionLimit)
            {
                context.Writer.Write($", … ({dictionary.Count - shown} more)");
                break;
            }

            context.Writer.Write(shown++ > 0 ? ", " : " ");
            Inside(entry.Key, context);
            context.Writer.Write(": ");
            Inside(entry.Value, context);
        }

        context.Writer.Write(" }");
    }

    private static void WriteArray(Array array, int[] index, int dimension, FormatContext context)
    {
        var length = array.GetLength(dimension);
        context.Writer.Write('[');
        for (var i = 0; i < length; i++)
        {
            context.Writer.Write(i > 0 ? ", " : " ");
            if (i == Formatter.ListExpansionLimit)
            {
                context.Writer.Write($"… ({length - i} more)");
                break;
            }

            index[dimension] = i + array.GetLowerBound(dimension);
            if (dimension + 1 < array.Rank)
                WriteArray(array, index, dimension + 1, context);
            else
                Inside(array.GetValue(index), context);
        }

        context.Writer.Write(" ]");
    }

    private static void WriteMembers(object value, FormatContext context)
    {
        var name = NameOf(value.GetType());
        context.Writer.Write(name.Length > 0 ? name + " {" : "{");
        var separator = " ";
        foreach (var member in Shape.MembersOf(value.GetType()))
        {
            context.Writer.Write(separator + member.Name + " = ");
            Inside(member.ValueIn(value), context);
            separator = ", ";
        }

        context.Writer.Write(" }");
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
