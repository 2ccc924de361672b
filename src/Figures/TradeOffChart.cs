using Plotly.NET;
using Plotly.NET.CSharp;
using Chart = Plotly.NET.CSharp.Chart;

namespace Madtp.Kit.Figures;

/// <summary>What is lost for what is saved: a score against multiply-accumulates, as the paper's Figure 1 shows it.</summary>
public static class TradeOffChart
{
    /// <summary>A chart of methods at several budgets.</summary>
    /// <param name="title">What the chart is called.</param>
    /// <param name="curves">The methods; every point of a curve has an error bar, or none has.</param>
    /// <param name="score">What the score is called.</param>
    /// <exception cref="ArgumentException">There is no curve, or a curve has no point.</exception>
    public static GenericChart Of(string title, IEnumerable<TradeOffCurve> curves, string score = "test accuracy, %")
    {
        var lines = curves.Select(Line).ToArray();
        var isEmpty = lines.Length == 0;
        return (isEmpty ? throw new ArgumentException("a trade-off chart needs a curve", nameof(curves)) : Chart.Combine(lines))
            .WithTitle(title)
            .WithAxisTitles("MACs, % of the plain model", score)
            .WithSize(880, 460);
    }

    private static GenericChart Line(TradeOffCurve curve)
    {
        var (x, y) = (curve.Points.Select(point => point.Macs), curve.Points.Select(point => point.Score));
        var line = curve.Points.Count switch
        {
            0 => throw new ArgumentException($"the curve '{curve.Name}' has no point"),
            1 => Chart.Point<double, double, string>(x: x, y: y, Name: curve.Name),
            _ => Chart.Line<double, double, string>(x: x, y: y, Name: curve.Name, ShowMarkers: true),
        };
        double[] bars = [.. curve.Points.Select(point => point.Deviation).OfType<double>()];
        return bars.Length == curve.Points.Count ? line.WithYErrorStyle(bars) : line;
    }
}
