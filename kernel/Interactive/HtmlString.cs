using System.Text.Encodings.Web;

namespace Microsoft.AspNetCore.Html;

/// <summary>Text that is already HTML.</summary>
public class HtmlString(string? value) : IHtmlContent
{
    public string? Value { get; } = value;

    public void WriteTo(TextWriter writer, HtmlEncoder encoder) => writer.Write(Value);

    public override string ToString() => Value ?? "";
}
