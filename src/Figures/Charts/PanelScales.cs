namespace Madtp.Kit.Figures.Charts;

/// <summary>A panel's two scales, and its bars, which depend on them.</summary>
internal sealed record PanelScales(Scale X, Scale Y, IReadOnlyList<Bar> Bars)
{
    public static PanelScales Of(Panel panel, string barMode)
    {
        var lying = panel.Traces.Any(trace => trace.IsBars && (trace.Lying || (trace.Type == "histogram" && trace.X.Count == 0)));
        var xWords = Words(panel, panel.X, trace => trace.X, trace => Width(trace));
        var yWords = Words(panel, panel.Y, trace => trace.Y, trace => Height(trace));
        var words = lying ? yWords : xWords;
        var bars = BarBoxes.Of(panel.Traces, barMode, words is null ? null : word => words.IndexOf(word));
        return new PanelScales(
            Build(panel, panel.X, xWords, trace => trace.X, "error_x", bars, positions: !lying),
            Build(panel, panel.Y, yWords, trace => trace.Y, "error_y", bars, positions: lying),
            bars);
    }

    /// <summary>Whether bars of this trace run from left to right.</summary>
    public static bool Lies(TraceSpec trace) => trace.Type == "histogram" ? trace.X.Count == 0 : trace.Lying;

    private static int Width(TraceSpec trace) => trace.Json.Items("z") is { Count: > 0 } rows ? rows.Max(row => row.GetArrayLength()) : 0;

    private static int Height(TraceSpec trace) => trace.Json.Items("z").Count;

    /// <summary>The words of an axis, or null where it counts. Heat maps stand on words always: their labels, or numbers.</summary>
    private static List<string>? Words(Panel panel, AxisSpec axis, Func<TraceSpec, IReadOnlyList<Datum>> data, Func<TraceSpec, int> cells)
    {
        var written = panel.Traces.Where(trace => !trace.IsHeat).SelectMany(data).Any(value => value.Text is not null);
        if (!panel.HasHeat && axis.Type != "category" && (!written || axis.Type is "linear" or "log"))
        {
            return null;
        }

        var words = new List<string>(axis.Categories);
        foreach (var trace in panel.Traces)
        {
            var labels = data(trace).Select(value => value.Label).ToArray();
            words.AddRange(trace.IsHeat && labels.Length == 0 ? Enumerable.Range(0, cells(trace)).Select(i => $"{i}") : labels);
        }

        return [.. words.Distinct()];
    }

    private static Scale Build(Panel panel, AxisSpec axis, List<string>? words, Func<TraceSpec, IReadOnlyList<Datum>> data, string error, IReadOnlyList<Bar> bars, bool positions)
    {
        if (words is not null)
        {
            return new CategoryScale(words, axis.Reversed);
        }

        var log = axis.Type == "log";
        var (from, to) = axis.Range ?? Extent(panel, log, data, error, bars, positions);
        if (axis.Reversed)
        {
            (from, to) = (to, from);
        }

        return log ? new LogScale(from, to) : new LinearScale(from, to);
    }

    private static (double From, double To) Extent(Panel panel, bool log, Func<TraceSpec, IReadOnlyList<Datum>> data, string error, IReadOnlyList<Bar> bars, bool positions)
    {
        var numbers = new List<double>();
        var (bare, marked) = (false, false);
        foreach (var trace in panel.Traces.Where(trace => trace.IsLines))
        {
            var values = data(trace);
            var errors = ErrorBars.Of(trace, error);
            for (var i = 0; i < values.Count; i++)
            {
                numbers.Add(values[i].Number);
                numbers.Add(values[i].Number + errors.Above(i));
                numbers.Add(values[i].Number - errors.Below(i));
            }

            var mode = trace.Json.Text("mode") ?? "lines";
            marked |= mode != "lines" || values.Count == 1;
            bare |= (trace.Json.Text("fill") ?? "").StartsWith(positions ? "tozerox" : "tozeroy", StringComparison.Ordinal) && error == "error_y";
        }

        foreach (var bar in bars)
        {
            numbers.AddRange(positions ? [bar.From, bar.To] : [bar.Low, bar.High]);
            var errors = ErrorBars.Of(bar.Trace, error);
            if (!positions)
            {
                numbers.Add(bar.High + errors.Above(bar.Index));
                numbers.Add(bar.High - errors.Below(bar.Index));
            }
        }

        if (bare)
        {
            numbers.Add(0);
        }

        return Padded([.. numbers.Where(number => double.IsFinite(number) && (!log || number > 0)).Select(number => log ? Math.Log10(number) : number)],
            log, standing: (bars.Count > 0 && !positions) || bare, roomy: marked || error == "error_y" || bars.Count > 0);
    }

    /// <summary>A little air around the data; none below what stands on zero.</summary>
    private static (double From, double To) Padded(double[] numbers, bool log, bool standing, bool roomy)
    {
        if (numbers.Length == 0)
        {
            return (0, 1);
        }

        var (low, high) = (numbers.Min(), numbers.Max());
        if (high - low <= Math.Abs(high) * 1e-9)
        {
            var air = log ? 0.5 : high == 0 ? 1 : Math.Abs(high) * 0.1;
            return standing && low >= 0 && !log ? (0, high == 0 ? 1 : high * 1.1) : (low - air, high + air);
        }

        var pad = roomy ? (high - low) * 0.05 : 0;
        return (standing && low >= 0 && !log ? low : low - pad, standing && high <= 0 ? high : high + pad);
    }
}
