using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>Which colour a series has: its own; else by its name, so that a name looks the same in every panel.</summary>
internal sealed class SeriesColors
{
    private readonly Dictionary<int, Ink> byTrace = [];

    public SeriesColors(IReadOnlyList<Panel> panels)
    {
        var names = new Dictionary<string, int>();
        foreach (var trace in panels.SelectMany(panel => panel.Traces).OrderBy(trace => trace.Index).Where(trace => trace.Name is not null && !trace.IsHeat))
        {
            names.TryAdd(trace.Name!, names.Count);
        }

        foreach (var panel in panels)
        {
            var unnamed = names.Count > 0 && panel.Traces.Any(trace => trace.Name is not null) ? names.Count : 0;
            foreach (var trace in panel.Traces)
            {
                byTrace[trace.Index] = Own(trace) ?? Look.Series(trace.Name is { } name && names.TryGetValue(name, out var place) ? place : unnamed++);
            }
        }
    }

    public Ink Of(TraceSpec trace) => byTrace[trace.Index];

    /// <summary>The line's colour for lines, the marker's for points and bars.</summary>
    private static Ink? Own(TraceSpec trace)
    {
        var (line, marker) = (trace.Json.Get("line").Text("color"), trace.Json.Get("marker").Text("color"));
        var css = trace.IsLines && (trace.Json.Text("mode") ?? "lines").Contains("lines", StringComparison.Ordinal) ? line ?? marker : marker ?? line;
        return css is null ? null : Ink.Parse(css);
    }
}
