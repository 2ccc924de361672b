using System.Text.Json;

namespace Madtp.Kit.Figures.Charts;

/// <summary>What the figure says of one axis.</summary>
internal sealed record AxisSpec
{
    public string? Title { get; init; }

    /// <summary>"linear", "log", "category", or null to be found out.</summary>
    public string? Type { get; init; }

    /// <summary>First and last value; of a logarithmic axis their powers of ten.</summary>
    public (double From, double To)? Range { get; init; }

    public bool Reversed { get; init; }

    public bool? ShowGrid { get; init; }

    public bool ShowLabels { get; init; } = true;

    public bool ZeroLine { get; init; } = true;

    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Ticks the figure fixes, with their labels.</summary>
    public IReadOnlyList<(Datum At, string Label)> Ticks { get; init; } = [];

    public static AxisSpec Read(JsonElement? json)
    {
        var range = json.Items("range");
        var (values, labels) = (json.Data("tickvals"), json.Texts("ticktext"));
        return new AxisSpec
        {
            Title = json.Title(),
            Type = json.Text("type") is { } type and not "-" ? type : null,
            Range = range.Count == 2 && range.All(end => end.ValueKind == JsonValueKind.Number) ? (range[0].GetDouble(), range[1].GetDouble()) : null,
            Reversed = json.Text("autorange") == "reversed",
            ShowGrid = json.Flag("showgrid"),
            ShowLabels = json.Flag("showticklabels") ?? true,
            ZeroLine = json.Flag("zeroline") ?? true,
            Categories = json.Texts("categoryarray"),
            Ticks = [.. values.Select((at, i) => (at, i < labels.Count ? labels[i] : at.Label))],
        };
    }
}
