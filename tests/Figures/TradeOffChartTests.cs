using System.Text.Json;
using Madtp.Kit.Figures;
using Plotly.NET;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

public class TradeOffChartTests
{
    [Fact]
    public void A_curve_is_a_line_with_error_bars_and_a_single_point_a_marker()
    {
        var chart = TradeOffChart.Of("NLVR2", [new("MADTP", [new(50, 95, 0.4), new(70, 96, 0.2)]), new("plain", [new(100, 97)])], score: "R@1");
        using var json = JsonDocument.Parse(GenericChart.toJson(chart));
        var traces = json.RootElement.GetProperty("data").EnumerateArray().ToArray();
        Assert.Equal(["MADTP", "plain"], traces.Select(trace => trace.GetProperty("name").GetString()));
        Assert.Equal(["lines+markers", "markers"], traces.Select(trace => trace.GetProperty("mode").GetString()));
        Assert.Equal([50.0, 70], traces[0].GetProperty("x").EnumerateArray().Select(x => x.GetDouble()));
        Assert.Equal([0.4, 0.2], traces[0].GetProperty("error_y").GetProperty("array").EnumerateArray().Select(bar => bar.GetDouble()));
        Assert.False(traces[1].TryGetProperty("error_y", out _));
        Assert.Equal("R@1", json.RootElement.GetProperty("layout").GetProperty("yaxis").GetProperty("title").GetProperty("text").GetString());
    }

    [Fact]
    public void A_curve_without_points_is_named() =>
        Assert.Contains("'STP'", Assert.Throws<ArgumentException>(() => TradeOffChart.Of("", [new("STP", [])])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_chart_needs_a_curve() => Assert.Throws<ArgumentException>(() => TradeOffChart.Of("", []));
}
