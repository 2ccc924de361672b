using System.Text.Json;

namespace Madtp.Kit.Figures.Charts;

/// <summary>A note at a place of a panel, or a title above it.</summary>
internal sealed record NoteSpec(Datum X, Datum Y, string XRef, string YRef, string Text, string? Color, double Size, string? XAnchor, string? YAnchor)
{
    public static NoteSpec Read(JsonElement json)
    {
        JsonElement? note = json;
        return new NoteSpec(
            note.Get("x") is { } x ? Datum.Of(x) : Datum.Of(double.NaN),
            note.Get("y") is { } y ? Datum.Of(y) : Datum.Of(double.NaN),
            note.Text("xref") ?? "x",
            note.Text("yref") ?? "y",
            note.Text("text") ?? "",
            note.Get("font").Text("color"),
            note.Get("font").Number("size") ?? 11,
            note.Text("xanchor"),
            note.Text("yanchor"));
    }
}

/// <summary>A figure as its JSON describes it.</summary>
internal sealed record FigureSpec
{
    public required double Width { get; init; }

    public required double Height { get; init; }

    public string? Title { get; init; }

    public bool? ShowLegend { get; init; }

    public string BarMode { get; init; } = "group";

    /// <summary>Rows and columns of panels; 1 and 1 for a single one.</summary>
    public (int Rows, int Columns) Grid { get; init; } = (1, 1);

    /// <summary>Whether panels of a column share their x axis and panels of a row their y axis.</summary>
    public bool Coupled { get; init; }

    public bool BottomUp { get; init; }

    public IReadOnlyDictionary<string, AxisSpec> Axes { get; init; } = new Dictionary<string, AxisSpec>();

    public IReadOnlyList<TraceSpec> Traces { get; init; } = [];

    public IReadOnlyList<NoteSpec> Notes { get; init; } = [];

    /// <summary>Reads a figure: an object with <c>data</c> and <c>layout</c>.</summary>
    /// <exception cref="ArgumentException">It is no such object, or holds a chart that is not drawn here.</exception>
    public static FigureSpec Read(string json)
    {
        JsonElement? root;
        try
        {
            using var document = JsonDocument.Parse(json);
            root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"the figure is not JSON: {e.Message}", nameof(json));
        }

        if (root.Get("data") is not { ValueKind: JsonValueKind.Array } data)
        {
            throw new ArgumentException("the figure has no list 'data'", nameof(json));
        }

        var layout = root.Get("layout");
        var grid = layout.Get("grid");
        return new FigureSpec
        {
            Width = layout.Number("width") ?? 700,
            Height = layout.Number("height") ?? 420,
            Title = layout.Title(),
            ShowLegend = layout.Flag("showlegend"),
            BarMode = layout.Text("barmode") ?? "group",
            Grid = ((int)(grid.Number("rows") ?? 1), (int)(grid.Number("columns") ?? 1)),
            Coupled = grid.Text("pattern") == "coupled",
            BottomUp = grid.Text("roworder") == "bottom to top",
            Axes = ReadAxes(layout),
            Traces = [.. data.EnumerateArray().Select(TraceSpec.Read).OfType<TraceSpec>()],
            Notes = [.. layout.Items("annotations").Select(NoteSpec.Read)],
        };
    }

    private static Dictionary<string, AxisSpec> ReadAxes(JsonElement? layout)
    {
        var axes = new Dictionary<string, AxisSpec>();
        if (layout is { ValueKind: JsonValueKind.Object } all)
        {
            // "xaxis2" in the layout is "x2" in the traces.
            foreach (var property in all.EnumerateObject().Where(each => each.Name.StartsWith("xaxis", StringComparison.Ordinal) || each.Name.StartsWith("yaxis", StringComparison.Ordinal)))
            {
                axes[property.Name.Replace("axis", "", StringComparison.Ordinal)] = AxisSpec.Read(property.Value);
            }
        }

        return axes;
    }
}
