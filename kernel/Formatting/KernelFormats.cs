using System.Collections.Concurrent;
using System.Numerics;
using System.Reflection;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>
/// How values look unless something says otherwise: registered with the package as its defaults, so that formatters of a notebook
/// and of a library's types (both named ITypeFormatterSource and by-name ones) go before them, and ResetToDefault comes back to
/// them.
/// </summary>
internal static class KernelFormats
{
    public const string Plain = "text/plain", Html = "text/html";

    // The package has formats of its own for these, which would write one number or date differently alone and in a table.
    private static readonly Type[] Words =
    [
        typeof(string), typeof(Type), typeof(Enum), typeof(decimal), typeof(BigInteger),
        typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan),
    ];

    // Text shown as one of these by DisplayAs is the thing itself, and so is the text that updates it.
    private static readonly string[] Written = [
        "text/markdown", "text/latex", "image/svg+xml", "image/png", "image/jpeg", "image/gif"];

    private static readonly ConcurrentStack<ITypeFormatter> Defaults = FindDefaults();

    private static readonly Lazy<bool> Done = new(Start);

    /// <summary>Registers everything, once in a process; whoever comes meanwhile waits.</summary>
    public static void Register() => _ = Done.Value;

    /// <summary>Adds a default for a type and those derived from it.</summary>
    /// <param name="type">The type, known only at run time.</param>
    /// <param name="mimeType">The form.</param>
    /// <param name="write">Writes the value; at a depth of 1 it stands alone, deeper it is inside another.</param>
    public static void Add(Type type, string mimeType, Action<object, FormatContext> write) =>
        Defaults.Push(new Default(type, mimeType, write));

    private static bool Start()
    {
        AddAll();
        Clearing(AddAll);
        PackageTypes.Watch();
        return true;
    }

    private static void AddAll()
    {
        foreach (var type in (Type[])[typeof(object), .. Words])
        {
            Add(type, Plain, PlainText.Write);
            Add(type, Html, HtmlTable.Write);
        }

        Array.ForEach(Written, mimeType => Add(typeof(string), mimeType, (text, context) => context.Writer.Write(text)));
        PackageTypes.AddAll();
    }

    // The package keeps its defaults, and the moment at which they come back, to itself.
    private static ConcurrentStack<ITypeFormatter> FindDefaults() =>
        (ConcurrentStack<ITypeFormatter>)typeof(Formatter)
            .GetField("_defaultTypeFormatters", BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;

    private static void Clearing(Action handler) =>
        typeof(Formatter).GetEvent("Clearing", BindingFlags.Static | BindingFlags.NonPublic)!.GetAddMethod(
            nonPublic: true)!.Invoke(null, [handler]);

    private sealed class Default(Type type, string mimeType, Action<object, FormatContext> write) : ITypeFormatter
    {
        public string MimeType => mimeType;

        public Type Type => type;

        public bool Format(object? instance, FormatContext context)
        {
            if (instance is not null)
            {
                write(instance, context);
                return true;
            }

            context.Writer.Write(mimeType == Html ? HtmlTable.Preformatted(Formatter.NullString) : Formatter.NullString);
            return true;
        }
    }
}
