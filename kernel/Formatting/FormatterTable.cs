using System.Globalization;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>The formatters a notebook registered. The most specific type wins; among equals, the latest.</summary>
internal static class FormatterTable
{
    private static readonly Lock Gate = new();
    private static readonly List<(Type Type, string MimeType, Action<object, TextWriter> Write)> Formatters = [];
    private static readonly List<(Type Type, string[] MimeTypes)> Preferences = [];

    public static void Add(Type type, string mimeType, Action<object, TextWriter> write)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentException.ThrowIfNullOrWhiteSpace(mimeType);
        lock (Gate)
        {
            Formatters.Insert(0, (type, mimeType, write));
        }
    }

    public static void Prefer(Type type, string[] mimeTypes)
    {
        ArgumentNullException.ThrowIfNull(type);
        lock (Gate)
        {
            Preferences.Insert(0, (type, mimeTypes));
        }
    }

    public static void Clear()
    {
        lock (Gate)
        {
            Formatters.Clear();
            Preferences.Clear();
        }
    }

    public static string? TryFormat(object value, string mimeType)
    {
        Action<object, TextWriter>? write;
        lock (Gate)
        {
            write = Best(Formatters.Where(each => each.MimeType == mimeType), value.GetType(), each => each.Type).Write;
        }

        if (write is null)
        {
            return null;
        }

        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        write(value, writer);
        return writer.ToString();
    }

    public static IReadOnlyList<string> MimeTypesFor(Type type)
    {
        lock (Gate)
        {
            return [.. Formatters.Where(each => Distance(each.Type, type) is not null).Select(each => each.MimeType).Distinct()];
        }
    }

    public static IReadOnlyList<string>? PreferredFor(Type type)
    {
        lock (Gate)
        {
            return Best(Preferences, type, each => each.Type).MimeTypes;
        }
    }

    private static T? Best<T>(IEnumerable<T> candidates, Type type, Func<T, Type> key) =>
        candidates.Select(each => (Item: each, Distance: Distance(key(each), type))).Where(each => each.Distance is not null)
            .OrderBy(each => each.Distance).Select(each => each.Item).FirstOrDefault();

    // Steps up the base types; an interface counts as further than any class but object.
    private static int? Distance(Type registered, Type actual)
    {
        const int Interface = 1000, Root = 2000;
        if (registered == typeof(object))
        {
            return Root;
        }

        var steps = 0;
        for (var type = actual; type is not null; type = type.BaseType, steps++)
        {
            if (type == registered || (type.IsGenericType && type.GetGenericTypeDefinition() == registered))
            {
                return steps;
            }
        }

        return actual.GetInterfaces().Any(each => each == registered || (each.IsGenericType && each.GetGenericTypeDefinition() == registered)) ? Interface : null;
    }
}
