using Madtp.Kit.Kernel.Formatting;
using Madtp.Kit.Kernel.Interactive;
using Microsoft.DotNet.Interactive.Formatting;

namespace System;

/// <summary>Shows values from anywhere in a cell.</summary>
public static class DisplayExtensions
{
    /// <summary>Shows a value below the cell, in the forms it prefers or in those named.</summary>
    /// <returns>A handle whose <see cref="DisplayedValue.Update"/> replaces what is shown.</returns>
    public static DisplayedValue Display(this object? value, params string[] mimeTypes) => Show(value, MimeBundle.From(value, mimeTypes), mimeTypes);

    /// <summary>Shows text as what it is: HTML, SVG, or an image in base64.</summary>
    public static DisplayedValue DisplayAs(this string value, string mimeType) =>
        Show(value, MimeBundle.Of(new FormattedValue(mimeType, value)), [mimeType]);

    /// <summary>Shows a sequence as a table with a column for each property.</summary>
    public static DisplayedValue DisplayTable<T>(this IEnumerable<T> value, params string[] mimeTypes) => value.Display(mimeTypes);

    private static DisplayedValue Show(object? value, MimeBundle bundle, string[] mimeTypes)
    {
        var displayed = new DisplayedValue(value, bundle, Guid.NewGuid().ToString("N"), mimeTypes);
        Notebook.Current.Show(bundle, displayed.DisplayId);
        return displayed;
    }
}
