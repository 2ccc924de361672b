using System.Globalization;
using System.Text.Encodings.Web;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>Values that are HTML already: anything with an interface named IHtmlContent, the kernel's own or ASP.NET's.</summary>
internal static class HtmlContent
{
    private const string InterfaceName = "Microsoft.AspNetCore.Html.IHtmlContent";

    public static bool Is(object? value) => value is not null && InterfaceOf(value) is not null;

    public static string? TryFormat(object value)
    {
        if (InterfaceOf(value)?.GetMethod("WriteTo", [typeof(TextWriter), typeof(HtmlEncoder)]) is not { } write)
        {
            return null;
        }

        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        write.Invoke(value, [writer, HtmlEncoder.Default]);
        return writer.ToString();
    }

    private static Type? InterfaceOf(object value) => Array.Find(value.GetType().GetInterfaces(), each => each.FullName == InterfaceName);
}
