using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.DotNet.Interactive.Formatting;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>One value in the forms a front end may choose from.</summary>
internal sealed class MimeBundle
{
    public const string Plain = "text/plain", Html = "text/html", Svg = "image/svg+xml";

    private MimeBundle(IReadOnlyList<FormattedValue> values) => Values = values;

    public IReadOnlyList<FormattedValue> Values { get; }

    public static MimeBundle Of(params FormattedValue[] values) => new(values);

    /// <summary>Formats a value in the named forms; without names, in every form its formatters give, and always as plain text too.</summary>
    public static MimeBundle From(object? value, params string[] mimeTypes)
    {
        switch (value)
        {
            case FormattedValue formatted:
                return Of(formatted);
            case IEnumerable<FormattedValue> many:
                return Of([.. many]);
            case DisplayedValue displayed:
                return new MimeBundle(displayed.FormattedValues);
        }

        if (mimeTypes.Length > 0)
        {
            return new MimeBundle([.. mimeTypes.Select(type => new FormattedValue(type, Format(value, type)))]);
        }

        var values = new List<FormattedValue>();
        foreach (var type in Wanted(value))
        {
            if (TryFormat(value, type) is { Length: > 0 } text)
            {
                values.Add(new FormattedValue(type, text));
            }
        }

        if (values.Count == 0 || (!values.Exists(each => each.MimeType == Plain) && !HtmlContent.Is(value)))
        {
            values.Add(new FormattedValue(Plain, Format(value, Plain)));
        }

        return new MimeBundle(values);
    }

    /// <summary>A value in one form; where it has no such form, its plain text (encoded, for HTML).</summary>
    public static string Format(object? value, string mimeType) =>
        TryFormat(value, mimeType) ?? (mimeType == Html ? HtmlTable.Preformatted(PlainText.Of(value)) : PlainText.Of(value));

    /// <summary>The bundle as the protocol carries it: text, and JSON types as JSON.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach (var value in Values)
        {
            json[value.MimeType] = IsJson(value.MimeType) ? ParsedOrText(value.Value) : JsonValue.Create(value.Value);
        }

        // nbconvert cleans the drawing out of an SVG, but leaves an image alone that HTML refers to.
        if (Values.FirstOrDefault(value => value.MimeType == Svg) is { } svg && !json.ContainsKey(Html))
        {
            json[Html] = $"<img style=\"max-width:100%\" src=\"data:{Svg};base64,{Convert.ToBase64String(Encoding.UTF8.GetBytes(svg.Value))}\"/>";
        }

        return json;
    }

    private static IEnumerable<string> Wanted(object? value)
    {
        if (value is null or string)
        {
            return [Plain];
        }

        var preferred = FormatterTable.PreferredFor(value.GetType()) ?? ConventionFormatters.PreferredFor(value.GetType());
        if (preferred is { Count: > 0 })
        {
            return preferred;
        }

        var own = FormatterTable.MimeTypesFor(value.GetType()).Concat(ConventionFormatters.MimeTypesFor(value.GetType())).Distinct().ToList();
        return own.Count > 0 ? own : HtmlContent.Is(value) ? [Html] : [WellKnownFormats.Png, Html, Plain];
    }

    private static string? TryFormat(object? value, string mimeType)
    {
        if (value is null)
        {
            return mimeType == Plain ? PlainText.Of(null) : null;
        }

        return FormatterTable.TryFormat(value, mimeType)
            ?? ConventionFormatters.TryFormat(value, mimeType)
            ?? mimeType switch
            {
                Plain => PlotlyCharts.TryPlain(value) ?? WellKnownFormats.TryPlain(value) ?? PlainText.Of(value),
                Html => PlotlyCharts.TryHtml(value) ?? HtmlContent.TryFormat(value) ?? WellKnownFormats.TryHtml(value) ?? HtmlTable.TryFormat(value),
                WellKnownFormats.Png => WellKnownFormats.TryPng(value),
                _ => null,
            };
    }

    private static bool IsJson(string mimeType) => mimeType == "application/json" || mimeType.EndsWith("+json", StringComparison.Ordinal);

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
