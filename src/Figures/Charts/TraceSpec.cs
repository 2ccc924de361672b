using System.Text.Json;

namespace Madtp.Kit.Figures.Charts;

/// <summary>One series of the figure: its data and what it says of its looks.</summary>
internal sealed record TraceSpec
{
    private static readonly string[] Known = ["scatter", "scattergl", "bar", "histogram", "heatmap", "heatmapgl"];

    public required string Type { get; init; }

    public required JsonElement? Json { get; init; }

    /// <summary>Its place among the traces: what the palette goes by.</summary>
    public required int Index { get; init; }

    public string? Name => Json.Text("name");

    public string XAxis => Json.Text("xaxis") ?? "x";

    public string YAxis => Json.Text("yaxis") ?? "y";

    public bool IsLines => Type.StartsWith("scatter", StringComparison.Ordinal);

    public bool IsBars => Type is "bar" or "histogram";

    public bool IsHeat => Type.StartsWith("heatmap", StringComparison.Ordinal);

    public bool Lying => Json.Text("orientation") == "h";

    public double Opacity => Json.Number("opacity") ?? 1;

    public IReadOnlyList<Datum> X { get; init; } = [];

    public IReadOnlyList<Datum> Y { get; init; } = [];

    /// <summary>A trace of the figure; null for one that is not to be seen.</summary>
    /// <exception cref="ArgumentException">It is of a type that is not drawn here.</exception>
    public static TraceSpec? Read(JsonElement json, int index)
    {
        JsonElement? trace = json;
        if (trace.Text("type") is not { } type || trace.Flag("visible") == false || trace.Text("visible") == "legendonly")
        {
            return null;
        }

        if (!Known.Contains(type))
        {
            throw new ArgumentException($"a chart of type '{type}' is not drawn here; drawn are lines, points, areas, bars, columns, histograms and heat maps");
        }

        var (x, y) = (trace.Data("x"), trace.Data("y"));
        return new TraceSpec
        {
            Type = type,
            Json = trace,
            Index = index,
            X = x.Count > 0 || y.Count == 0 || type == "histogram" ? x : Count(y.Count),
            Y = y.Count > 0 || x.Count == 0 || type == "histogram" ? y : Count(x.Count),
        };
    }

    private static IReadOnlyList<Datum> Count(int count) => [.. Enumerable.Range(0, count).Select(i => Datum.Of(i))];
}
