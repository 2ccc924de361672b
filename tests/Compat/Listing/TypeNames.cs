using System.Reflection;
using System.Runtime.CompilerServices;

namespace Madtp.Kit.Tests.Compat.Listing;

/// <summary>Types as the API listings write them.</summary>
internal static class TypeNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    public static string Of(Type type)
    {
        if (Keywords.TryGetValue(type, out var keyword))
        {
            return keyword;
        }

        if (type.IsByRef)
        {
            return Of(type.GetElementType()!);
        }

        if (type.IsPointer)
        {
            return Of(type.GetElementType()!) + "*";
        }

        if (type.IsArray)
        {
            return Array(type);
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Of(underlying) + "?";
        }

        return IsClosedTuple(type) ? $"({string.Join(", ", type.GetGenericArguments().Select(Of))})" : Named(type);
    }

    /// <summary>The names of a tuple's elements, as the compiler left them.</summary>
    public static string TupleNames(ICustomAttributeProvider provider)
        => provider.GetCustomAttributes(typeof(TupleElementNamesAttribute), false).Cast<TupleElementNamesAttribute>().FirstOrDefault() is { } names
            ? $" {{{string.Join(",", names.TransformNames)}}}"
            : string.Empty;

    // C# writes an array of arrays outermost rank first.
    private static string Array(Type type)
    {
        var ranks = string.Empty;
        while (type.IsArray)
        {
            ranks += "[" + new string(',', type.GetArrayRank() - 1) + "]";
            type = type.GetElementType()!;
        }

        return Of(type) + ranks;
    }

    // A tuple that mentions a type parameter is written out.
    private static bool IsClosedTuple(Type type)
        => !type.ContainsGenericParameters && type.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal);

    private static string Named(Type type)
    {
        var arguments = type.GetGenericArguments();
        var name = Own(type, arguments);
        for (var outer = type.DeclaringType; outer is not null; outer = outer.DeclaringType)
        {
            name = Own(outer, arguments) + "." + name;
        }

        return string.IsNullOrEmpty(type.Namespace) ? name : type.Namespace + "." + name;
    }

    // A nested type repeats its outer types' parameters before its own.
    private static string Own(Type type, Type[] arguments)
    {
        var tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        if (tick < 0)
        {
            return type.Name;
        }

        var end = type.GetGenericArguments().Length;
        var start = end - int.Parse(type.Name.AsSpan(tick + 1), System.Globalization.CultureInfo.InvariantCulture);
        return $"{type.Name[..tick]}<{string.Join(", ", arguments[start..end].Select(Of))}>";
    }
}
