using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>
/// Formatters found by name: a type's attribute called TypeFormatterSourceAttribute names a class whose CreateTypeFormatters() returns
/// objects with MimeType and bool Format(object, TextWriter). Nothing here refers to the library that declares them.
/// </summary>
internal static class ConventionFormatters
{
    private const string AttributeName = "TypeFormatterSourceAttribute";
    private const BindingFlags Members = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly ConcurrentDictionary<Type, Entry> Entries = new();

    public static IReadOnlyList<string> MimeTypesFor(Type type) => [.. For(type).Formatters.Select(each => each.MimeType).Distinct()];

    public static IReadOnlyList<string>? PreferredFor(Type type) => For(type).Preferred;

    public static string? TryFormat(object value, string mimeType)
    {
        foreach (var formatter in For(value.GetType()).Formatters.Where(each => each.MimeType == mimeType))
        {
            using var writer = new StringWriter(CultureInfo.InvariantCulture);
            if (formatter.Format(value, writer))
            {
                return writer.ToString();
            }
        }

        return null;
    }

    private static Entry For(Type type) => Entries.GetOrAdd(type, Find);

    private static Entry Find(Type type)
    {
        var formatters = new List<Formatter>();
        IReadOnlyList<string>? preferred = null;
        foreach (var attribute in Attributes(type))
        {
            if (Read(attribute, "FormatterSourceType") is Type source)
            {
                formatters.AddRange(FormattersOf(source));
                preferred ??= Read(attribute, "PreferredMimeTypes") is string[] { Length: > 0 } types ? types : null;
            }
        }

        return new Entry(formatters, preferred);
    }

    private static IEnumerable<object> Attributes(Type type)
    {
        for (var each = type; each is not null && each != typeof(object); each = each.BaseType)
        {
            foreach (var attribute in each.GetCustomAttributes(inherit: false).Where(IsFormatterSource))
            {
                yield return attribute;
            }
        }

        foreach (var attribute in type.GetInterfaces().SelectMany(each => each.GetCustomAttributes(inherit: false)).Where(IsFormatterSource))
        {
            yield return attribute;
        }
    }

    private static bool IsFormatterSource(object attribute) => attribute.GetType().Name == AttributeName;

    private static IEnumerable<Formatter> FormattersOf(Type source)
    {
        var create = source.GetMethod("CreateTypeFormatters", Members | BindingFlags.Static, Type.EmptyTypes)
            ?? throw new InvalidOperationException($"{source} is named as a source of formatters but has no method CreateTypeFormatters()");
        var instance = create.IsStatic ? null : Activator.CreateInstance(source, nonPublic: true);
        foreach (var formatter in (IEnumerable)create.Invoke(instance, null)!)
        {
            var format = formatter.GetType().GetMethod("Format", Members, [typeof(object), typeof(TextWriter)])
                ?? throw new InvalidOperationException($"formatter {formatter.GetType()} of {source} has no method bool Format(object, TextWriter)");
            var mimeType = Read(formatter, "MimeType") as string
                ?? throw new InvalidOperationException($"formatter {formatter.GetType()} of {source} has no text property MimeType");
            yield return new Formatter(mimeType, (value, writer) => Call(format, formatter, value, writer));
        }
    }

    private static bool Call(MethodInfo format, object formatter, object value, TextWriter writer) =>
        format.Invoke(formatter, BindingFlags.DoNotWrapExceptions, null, [value, writer], CultureInfo.InvariantCulture) is not false;

    private static object? Read(object instance, string property) => instance.GetType().GetProperty(property, Members)?.GetValue(instance);

    private sealed record Formatter(string MimeType, Func<object, TextWriter, bool> Format);

    private sealed record Entry(IReadOnlyList<Formatter> Formatters, IReadOnlyList<string>? Preferred);
}
