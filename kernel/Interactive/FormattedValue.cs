using Madtp.Kit.Kernel.Formatting;

namespace Microsoft.DotNet.Interactive.Formatting;

/// <summary>A value in one form: text, with the kind of text it is. Images are base64.</summary>
public class FormattedValue(string mimeType, string value)
{
    public string MimeType { get; } = mimeType;

    public string Value { get; } = value;

    /// <summary>A value in each of the named forms it has; without names, in those it prefers.</summary>
    public static IReadOnlyList<FormattedValue> CreateManyFromObject(object? value, params string[] mimeTypes) =>
        MimeBundle.From(value, mimeTypes).Values;

    public override string ToString() => $"{MimeType}: {Value}";
}
