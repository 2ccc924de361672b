namespace Plotly.NET.CSharp;

/// <summary>Charts side by side, each on axes of its own.</summary>
internal static class PanelGrid
{
    public static GenericChart Of(
        IReadOnlyList<GenericChart> charts,
        int rows,
        int columns,
        StyleParam.LayoutGridPattern pattern,
        Optional<IEnumerable<string>> titles,
        Optional<Font> titleFont,
        Optional<double> titleOffset,
        Fields grid)
    {
        var coupled = ReferenceEquals(pattern, StyleParam.LayoutGridPattern.Coupled);
        var panels = charts.Select((chart, i) => Anchored(chart, i, columns, coupled)).ToArray();
        var all = GenericChart.Joined(panels);
        var notes = titles.IsSome ? Titles([.. titles.Value], rows, columns, coupled, titleFont, titleOffset) : [];
        return all.Lay(Fields.Of("annotations", notes)).Lay(Fields.Of("grid", grid));
    }

    /// <summary>A chart on the axes of its cell.</summary>
    private static GenericChart Anchored(GenericChart chart, int index, int columns, bool coupled)
    {
        var (x, y) = coupled ? ("x" + Number(index % columns), "y" + Number(index / columns)) : ("x" + Number(index), "y" + Number(index));
        var traces = chart.Traces.Select(trace => trace.With(Fields.Empty.Set("xaxis", x).Set("yaxis", y)));
        var layout = chart.Layout.Without("xaxis").Without("yaxis").Without("annotations")
            .With(Fields.Empty.Set("xaxis" + Number(index), chart.Layout["xaxis"] ?? Fields.Empty).Set("yaxis" + Number(index), chart.Layout["yaxis"] ?? Fields.Empty));
        if (chart.Layout["annotations"] is object[] notes)
        {
            layout = layout.With(Fields.Of("annotations", notes.Cast<Fields>().Select(note => (object)note.With(Fields.Empty.Set("xref", x).Set("yref", y))).ToArray()));
        }

        return chart.With([.. traces], layout);
    }

    private static string Number(int index) => index == 0 ? "" : $"{index + 1}";

    /// <summary>Titles above the cells: a cell and the gap beside it share the paper evenly, the last gap is cut off.</summary>
    private static object[] Titles(string[] titles, int rows, int columns, bool coupled, Optional<Font> font, Optional<double> offset)
    {
        var (gapX, gapY) = coupled ? (0.1, 0.1) : (0.2, 0.3);
        var (stepX, stepY) = (1 / (columns - gapX), 1 / (rows - gapY));
        return [.. titles.Take(rows * columns).Select((title, i) => Fields.Empty
            .Set("x", (i % columns * stepX) + (stepX * (1 - gapX) / 2))
            .Set("y", 1 - (i / columns * stepY) + offset.Or(0))
            .Set("showarrow", false)
            .Set("text", title)
            .Set("font", font)
            .Set("xanchor", "center")
            .Set("xref", "paper")
            .Set("yanchor", "bottom")
            .Set("yref", "paper"))];
    }
}
