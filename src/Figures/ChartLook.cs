using System.Text.Json.Nodes;

namespace Madtp.Kit.Figures;

/// <summary>A chart in the one look that all have: fonts, colours, size, and a legend that stays clear of the title.</summary>
/// <param name="Json">The figure that plotly.js draws: <c>data</c>, <c>layout</c> and <c>config</c>.</param>
/// <param name="Title">Its title, or what it shows.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
internal sealed record ChartLook(string Json, string Title, int Width, int Height)
{
    private const int TitleHeight = 42;
    private const int LegendRow = 22;
    private const int Edge = 14;

    /// <summary>What Plotly.NET gives a chart whose size nobody set.</summary>
    private static readonly (int, int) Unset = (600, 600);

    /// <summary>A method has its colour in every figure, whatever else is shown.</summary>
    private static readonly Dictionary<string, string> MethodColors = new()
    {
        ["MADTP"] = "#0072b2",
        ["STP"] = "#d55e00",
        ["EViT"] = "#009e73",
        ["ToMe"] = "#cc79a7",
        ["CrossGET-style"] = "#e69f00",
        ["Random"] = "#56b4e9",
        ["UPop"] = "#8c564b",
        ["Uncompressed"] = "#6b7280",
    };

    private static readonly Lazy<string> Template = new(() => KeepMapPage.Part("chart-look.json"));

    /// <summary>Puts the look on a chart; what it says itself about titles, axes and colours of its series stays.</summary>
    /// <param name="json">The chart as Plotly.NET writes it.</param>
    public static ChartLook Of(string json)
    {
        var figure = JsonNode.Parse(json)!.AsObject();
        var layout = figure["layout"]!.AsObject();
        var traces = figure["data"]!.AsArray().Select(trace => trace!.AsObject()).ToArray();
        var size = ((int?)layout["width"] ?? 600, (int?)layout["height"] ?? 600);
        var (width, height) = size == Unset ? (820, 420) : size;
        var title = (string?)layout["title"]?["text"];
        if (title is not null)
        {
            layout["title"]!["text"] = $"<b>{title}</b>";
        }

        layout["template"] = JsonNode.Parse(Template.Value);
        (layout["width"], layout["height"]) = (width, height);
        ColorMethods(traces);
        PlaceLegend(layout, traces, width, height, title is null ? Edge : TitleHeight);
        (figure["config"] ??= new JsonObject())["displaylogo"] = false;
        return new ChartLook(figure.ToJsonString(), title ?? Names(traces), width, height);
    }

    private static void ColorMethods(IEnumerable<JsonObject> traces)
    {
        foreach (var trace in traces)
        {
            var isColored = (trace["marker"]?["color"] ?? trace["line"]?["color"]) is not null;
            if (!isColored && MethodColors.TryGetValue((string?)trace["name"] ?? "", out var color))
            {
                (trace["marker"] ??= new JsonObject())["color"] = color;
            }
        }
    }

    /// <summary>Plotly.js does not count a legend's rows when it makes room for a title, so they are counted here.</summary>
    private static void PlaceLegend(JsonObject layout, JsonObject[] traces, int width, int height, int top)
    {
        const double Letter = 7.4, Mark = 48;
        var items = traces.Where(trace => trace["name"] is not null && (bool?)trace["showlegend"] != false)
            .Select(trace => (((string)trace["name"]!).Length * Letter) + Mark).ToArray();
        var room = width - 90;
        var columns = Math.Max(1, Math.Floor(room / items.DefaultIfEmpty(1).Max()));
        var rows = items.Length < 2 ? 0 : items.Sum() <= room ? 1 : (int)Math.Ceiling(items.Length / columns);
        layout["margin"] ??= new JsonObject { ["l"] = 60, ["r"] = 20, ["t"] = top + (rows * LegendRow) + 6, ["b"] = 50 };
        layout["legend"] ??= new JsonObject { ["y"] = 1 - ((double)top / height) };
    }

    private static string Names(JsonObject[] traces)
    {
        var names = traces.Select(trace => (string?)trace["name"]).OfType<string>().Distinct().ToArray();
        return names.Length > 0 ? $"chart of {string.Join(", ", names)}" : "chart";
    }
}
