using System.Reflection;
using System.Text.Json.Nodes;
using Madtp.Kit.Figures;

namespace Madtp.Kit.Kernel.Formatting;

/// <summary>Charts of Plotly.NET, known by name and reached by reflection: as interactive HTML that needs no network.</summary>
internal static class PlotlyCharts
{
    /// <summary>The type that all charts derive from.</summary>
    public const string TypeName = "Plotly.NET.GenericChart";

    /// <summary>Makes both the way that charts are shown.</summary>
    public static void Register(Type chart)
    {
        KernelFormats.Add(chart, KernelFormats.Html, (value, context) => context.Writer.Write(TryHtml(value)));
        KernelFormats.Add(chart, KernelFormats.Plain, (value, context) => context.Writer.Write(TryPlain(value)));
    }

    /// <summary>A chart as HTML; null for anything else.</summary>
    public static string? TryHtml(object value) =>
        Json(value) is { } json ? InteractiveChart.Html(json, Title(json), value.GetType().Assembly) : null;

    /// <summary>A chart in a few words; null for anything else.</summary>
    public static string? TryPlain(object value) => Json(value) is { } json ? $"chart: {Title(json)}" : null;

    private static string Title(string json) => (string?)JsonNode.Parse(json)!["layout"]?["title"]?["text"] ?? "untitled";

    private static string? Json(object value)
    {
        for (var type = value.GetType(); type is not null; type = type.BaseType)
        {
            if (type.FullName == TypeName)
            {
                var write = type.GetMethod("toJson", [type]);
                return (string?)write?.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [value], null);
            }
        }

        return null;
    }
}
