using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Html;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>One value in the forms a front end may choose from.</summary>
internal sealed class MimeBundle
{
    private const string Svg = "image/svg+xml";

    private MimeBundle(IReadOnlyList<FormattedValue> values) => Values = values;

    public IReadOnlyList<FormattedValue> Values { get; }

    /// <summary>A value in the forms its type prefers, as the package knows them, and as plain text.</summary>
    public static MimeBundle From(object? value) => From(value, FormattedValue.CreateManyFromObject(value));

    /// <summary>
    /// As <see cref="From(object)"/>, of forms made already. Others than HTML that somebody chose for this display stay alone.
    /// </summary>
    public static MimeBundle From(object? value, IReadOnlyList<FormattedValue> made)
    {
        var values = made.Where(each => each.Value.Length > 0 || each.MimeType == KernelFormats.Plain).ToList();
        if (Has(values, KernelFormats.Plain) || IsHtml(value, made)
            || !(Has(values, KernelFormats.Html) || ArePreferred(made, value?.GetType())))
        {
            return new MimeBundle(values);
        }

        // HTML that only wraps the text says no more than it.
        var plain = PlainText.Of(value);
        values.RemoveAll(each => each.MimeType == KernelFormats.Html && each.Value == HtmlTable.Preformatted(plain));
        values.Add(new FormattedValue(KernelFormats.Plain, plain));
        return new MimeBundle(values);
    }

    /// <summary>The bundle as the protocol carries it: text, and JSON types as JSON.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach (var value in Values)
            json[value.MimeType] = IsJson(value.MimeType) ? ParsedOrText(value.Value) : JsonValue.Create(value.Value);

        // nbconvert cleans the drawing out of an SVG, but leaves an image alone that HTML refers to.
        if (Values.FirstOrDefault(value => value.MimeType == Svg) is { } svg && !json.ContainsKey(KernelFormats.Html))
        {
            var image = Convert.ToBase64String(Encoding.UTF8.GetBytes(svg.Value));
            json[KernelFormats.Html] = $"<img style=\"max-width:100%\" src=\"data:{Svg};base64,{image}\"/>";
        }

        return json;
    }

    private static bool Has(List<FormattedValue> values, string mimeType) => values.Exists(each => each.MimeType == mimeType);

    private static bool IsHtml(object? value, IReadOnlyList<FormattedValue> made) =>
        value is IHtmlContent || (value is string text && made is [{ MimeType: KernelFormats.Html } only] && only.Value == text);

    private static bool ArePreferred(IReadOnlyList<FormattedValue> made, Type? type)
    {
        var preferred = Formatter.GetPreferredMimeTypesFor(type);
        return made.Count == preferred.Count && made.All(each => preferred.Contains(each.MimeType));
    }

    private static bool IsJson(string mimeType) =>
        mimeType == "application/json" || mimeType.EndsWith("+json", StringComparison.Ordinal);

    private static JsonNode? ParsedOrText(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}
