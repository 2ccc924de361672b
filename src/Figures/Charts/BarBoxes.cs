namespace Madtp.Kit.Figures.Charts;

/// <summary>One bar, in the axes' own units: along the axis of positions and along the axis of values.</summary>
/// <param name="Trace">Its series.</param>
/// <param name="Index">Which value of the series it is.</param>
/// <param name="From">Where it begins along the positions.</param>
/// <param name="To">Where it ends along the positions.</param>
/// <param name="Low">Where it stands along the values.</param>
/// <param name="High">Where it reaches.</param>
internal sealed record Bar(TraceSpec Trace, int Index, double From, double To, double Low, double High);

/// <summary>The bars of a panel: side by side, stacked, or over one another.</summary>
internal static class BarBoxes
{
    /// <param name="traces">The panel's series.</param>
    /// <param name="mode">"group", "stack", "relative" or "overlay".</param>
    /// <param name="place">The number of a word on the axis of positions; null where that axis counts.</param>
    public static IReadOnlyList<Bar> Of(IReadOnlyList<TraceSpec> traces, string mode, Func<string, int>? place)
    {
        var bars = new List<Bar>();
        var columns = traces.Where(trace => trace.Type == "bar").ToArray();
        var slot = place is null ? Slot(columns) : 1;
        var width = slot * 0.76;
        var heaps = new Dictionary<double, (double Up, double Down)>();
        for (var i = 0; i < columns.Length; i++)
        {
            var stacked = mode is "stack" or "relative";
            var share = mode == "group" ? width / columns.Length : width;
            var offset = mode == "group" ? (-width / 2) + (i * share) : -width / 2;
            Columns(bars, columns[i], place, offset, share * (mode == "group" && columns.Length > 1 ? 0.94 : 1), stacked ? heaps : null);
        }

        foreach (var trace in traces.Where(trace => trace.Type == "histogram"))
        {
            Bins(bars, trace);
        }

        return bars;
    }

    private static void Columns(List<Bar> bars, TraceSpec trace, Func<string, int>? place, double offset, double width, Dictionary<double, (double Up, double Down)>? heaps)
    {
        var (positions, values) = trace.Lying ? (trace.Y, trace.X) : (trace.X, trace.Y);
        for (var i = 0; i < Math.Min(positions.Count, values.Count); i++)
        {
            var at = place is null ? positions[i].Number : place(positions[i].Label);
            var value = values[i].Number;
            if (!double.IsFinite(at) || !double.IsFinite(value))
            {
                continue;
            }

            double low = 0;
            if (heaps is not null)
            {
                var (up, down) = heaps.GetValueOrDefault(at);
                low = value >= 0 ? up : down;
                heaps[at] = value >= 0 ? (up + value, down) : (up, down + value);
            }

            bars.Add(new Bar(trace, i, at + offset, at + offset + width, low, low + value));
        }
    }

    private static void Bins(List<Bar> bars, TraceSpec trace)
    {
        var lying = trace.X.Count == 0;
        var values = (lying ? trace.Y : trace.X).Select(value => value.Number).ToArray();
        var bins = HistogramBins.Of(values, (int)(trace.Json.Number(lying ? "nbinsy" : "nbinsx") ?? 0), trace.Json.Text("histnorm") ?? "");
        for (var i = 0; i < bins.Heights.Count; i++)
        {
            var from = bins.Start + (i * bins.Width);
            bars.Add(new Bar(trace, i, from, from + bins.Width, 0, bins.Heights[i]));
        }
    }

    /// <summary>The smallest distance between positions.</summary>
    private static double Slot(IReadOnlyList<TraceSpec> columns)
    {
        var positions = columns.SelectMany(trace => trace.Lying ? trace.Y : trace.X).Select(at => at.Number).Where(double.IsFinite).Distinct().Order().ToArray();
        return positions.Length < 2 ? 1 : positions.Zip(positions.Skip(1), (a, b) => b - a).Min();
    }
}
