namespace Microsoft.DotNet.Interactive.Formatting;

/// <summary>
/// Names the class that makes a type's formatters. A library declares an attribute of this name itself; the kernel goes by the name,
/// so that neither refers to the other. The class has <c>CreateTypeFormatters()</c>; each formatter has <c>MimeType</c> and
/// <c>bool Format(object, TextWriter)</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, AllowMultiple = true, Inherited = true)]
public class TypeFormatterSourceAttribute(Type formatterSourceType) : Attribute
{
    public Type FormatterSourceType { get; } = formatterSourceType;

    /// <summary>The forms to show the type in, first choice first; by default every form it has.</summary>
    public string[]? PreferredMimeTypes { get; set; }
}
