namespace Madtp.Kit.Figures.Charts;

/// <summary>One pair of axes with what is drawn on it.</summary>
internal sealed record Panel(int Row, int Column, string Title, AxisSpec X, AxisSpec Y, IReadOnlyList<TraceSpec> Traces, IReadOnlyList<NoteSpec> Notes)
{
    public bool HasHeat => Traces.Any(trace => trace.IsHeat);

    /// <summary>The panels of a figure: one for each pair of axes, in the grid's order.</summary>
    /// <exception cref="ArgumentException">Two pairs of axes would lie on each other.</exception>
    public static IReadOnlyList<Panel> Of(FigureSpec figure)
    {
        var pairs = figure.Traces.GroupBy(trace => (trace.XAxis, trace.YAxis)).ToArray();
        var (rows, columns) = figure.Grid;
        if (pairs.Length > rows * columns)
        {
            throw new ArgumentException($"{pairs.Length} pairs of axes do not fit a grid of {rows} × {columns}; a second axis in one panel is not drawn here");
        }

        var titles = figure.Notes.Where(IsPanelTitle).ToArray();
        var panels = new List<Panel>();
        foreach (var pair in pairs)
        {
            var (x, y) = (Number(pair.Key.XAxis), Number(pair.Key.YAxis));
            var (row, column) = figure.Coupled ? (y, x) : (x / columns, x % columns);
            panels.Add(new Panel(
                figure.BottomUp ? rows - 1 - row : row,
                column,
                x < titles.Length ? titles[x].Text : "",
                Axis(figure, pair.Key.XAxis),
                Axis(figure, pair.Key.YAxis),
                [.. pair],
                [.. figure.Notes.Where(note => note.XRef == pair.Key.XAxis && note.YRef == pair.Key.YAxis)]));
        }

        return panels;
    }

    /// <summary>Grids write their panels' titles as notes at the upper edge of the paper.</summary>
    private static bool IsPanelTitle(NoteSpec note) => note is { XRef: "paper", YRef: "paper", YAnchor: "bottom", XAnchor: "center" };

    private static int Number(string axis) => axis.Length == 1 ? 0 : int.Parse(axis.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture) - 1;

    private static AxisSpec Axis(FigureSpec figure, string name) => figure.Axes.TryGetValue(name, out var axis) ? axis : new AxisSpec();
}
