using Madtp.Kit.Kernel.Formatting;

namespace Microsoft.DotNet.Interactive.Formatting;

/// <summary>How values become text, and how a notebook changes that.</summary>
public static class Formatter
{
    private static int listExpansionLimit = 20;
    private static int recursionLimit = 6;

    /// <summary>How many items of a sequence are written out.</summary>
    public static int ListExpansionLimit
    {
        get => listExpansionLimit;
        set => listExpansionLimit = value >= 0 ? value : throw new ArgumentException($"{nameof(ListExpansionLimit)} must be at least 0, not {value}");
    }

    /// <summary>How deep an object graph is followed.</summary>
    public static int RecursionLimit
    {
        get => recursionLimit;
        set => recursionLimit = value >= 0 ? value : throw new ArgumentException($"{nameof(RecursionLimit)} must be at least 0, not {value}");
    }

    /// <summary>What stands for null.</summary>
    public static string NullString { get; set; } = "<null>";

    /// <summary>Formats instances of <typeparamref name="T"/> by a function, in one form.</summary>
    public static void Register<T>(Func<T, string> formatter, string mimeType = "text/plain") =>
        FormatterTable.Add(typeof(T), mimeType, (value, writer) => writer.Write(formatter((T)value)));

    /// <summary>Formats instances of <typeparamref name="T"/> by writing them, in one form.</summary>
    public static void Register<T>(Action<T, TextWriter> formatter, string mimeType = "text/plain") =>
        FormatterTable.Add(typeof(T), mimeType, (value, writer) => formatter((T)value, writer));

    /// <summary>As <see cref="Register{T}(Action{T, TextWriter}, string)"/>, for a type that may be an open generic one.</summary>
    public static void Register(Type type, Action<object, TextWriter> formatter, string mimeType = "text/plain") =>
        FormatterTable.Add(type, mimeType, formatter);

    /// <summary>Chooses the forms a type is shown in.</summary>
    public static void SetPreferredMimeTypesFor(Type type, params string[] preferredMimeTypes) => FormatterTable.Prefer(type, preferredMimeTypes);

    /// <summary>Forgets every registered formatter and preference.</summary>
    public static void ResetToDefault()
    {
        FormatterTable.Clear();
        (ListExpansionLimit, RecursionLimit, NullString) = (20, 6, "<null>");
    }

    /// <summary>A value in one form.</summary>
    public static string ToDisplayString(this object? obj, string mimeType = "text/plain") => MimeBundle.Format(obj, mimeType);
}
