using Madtp.Kit.Figures;

namespace Plotly.NET;

[TypeFormatterSource(typeof(ChartFormatters), PreferredMimeTypes = ["image/svg+xml", "image/png", "text/plain"])]
public abstract class GenericChart
{
    private static readonly Fields DefaultLayout = Fields.Empty.Set("width", 600).Set("height", 600);
    private static readonly Fields DefaultConfig = Fields.Of("responsive", true);

    private protected GenericChart(IReadOnlyList<Fields> traces, Fields layout, Fields config) => (Traces, Layout, Config) = (traces, layout, config);

    internal IReadOnlyList<Fields> Traces { get; }

    internal Fields Layout { get; }

    internal Fields Config { get; }

    public static string toJson(GenericChart gChart) => JsonText.Of(Fields.Empty.Set("data", gChart.Traces).Set("layout", gChart.Layout).Set("config", gChart.Config));

    internal static GenericChart Of(IReadOnlyList<Fields> traces, bool useDefaults)
        => new Drawn(traces, useDefaults ? DefaultLayout : Fields.Empty, useDefaults ? DefaultConfig : Fields.Empty);

    /// <summary>All charts on one pair of axes; of settings they disagree on, the last one's holds.</summary>
    internal static GenericChart Joined(IReadOnlyList<GenericChart> charts)
        => charts.Count == 0
            ? throw new ArgumentException("there is no chart to combine", nameof(charts))
            : new Drawn([.. charts.SelectMany(chart => chart.Traces)], All(charts, chart => chart.Layout), All(charts, chart => chart.Config));

    /// <summary>The same chart with other traces and layout.</summary>
    internal GenericChart With(IReadOnlyList<Fields> traces, Fields layout) => new Drawn(traces, layout, Config);

    /// <summary>The same chart with settings added to its layout.</summary>
    internal GenericChart Lay(Fields settings) => With(Traces, Layout.With(settings));

    /// <summary>The same chart with settings added to each of its traces.</summary>
    internal GenericChart Style(Fields settings) => With([.. Traces.Select(trace => trace.With(settings))], Layout);

    private static Fields All(IReadOnlyList<GenericChart> charts, Func<GenericChart, Fields> part) => charts.Select(part).Aggregate((all, next) => all.With(next));

    private sealed class Drawn(IReadOnlyList<Fields> traces, Fields layout, Fields config) : GenericChart(traces, layout, config);
}
