using System.Text.Json;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Figures;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;
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
        Assert.Equal([90, 98], json.RootElement.GetProperty("layout").GetProperty("yaxis").GetProperty("range").EnumerateArray().Select(end => end.GetDouble()));
        Assert.Equal("R@1", json.RootElement.GetProperty("layout").GetProperty("yaxis").GetProperty("title").GetProperty("text").GetString());
    }

    /// <summary>Notebook 13's own method, as its two cells write it: scored, charged for, and drawn beside another.</summary>
    [Fact]
    public void A_method_of_ones_own_has_a_cost_and_its_curve()
    {
        var toy = ToyModels.Nlvr2.Load();
        using var test = ToyNlvr2Pairs.Draw("test1", limit: 20);
        PruningMethod By(string name, ITokenScorer scorer) =>
            PruningMethod.ByKeepRatio(name, keep => StaticPruning.Policy(keep) with { Name = name, Scorer = scorer });
        var (unusual, free) = (By("unusual", new Unusual()), By("free", new Unusual { Charge = 0 }));
        double Deployed(PruningMethod method) => NlvrTokens.Of(toy.Model, test, method.At(0.8)).Average(pair => pair.DeployShare);
        Assert.InRange(Deployed(unusual) - Deployed(free), 1e-4, 0.1);

        TradeOffPoint Measure(PruningSetting setting)
        {
            var score = NlvrTask.Evaluate(toy.Model, test, "test1", setting);
            return new TradeOffPoint(100 * score.MacShare, 100 * score.Accuracy);
        }

        double[] keeps = [0.95, 0.8];
        PruningMethod[] methods = [unusual, Methods.Of("STP").Pruning!];
        var curves = methods.Select(method => new TradeOffCurve(method.Name, [.. keeps.Select(keep => Measure(method.At(keep)))])).ToArray();
        using var json = JsonDocument.Parse(GenericChart.toJson(TradeOffChart.Of("own", curves)));
        var traces = json.RootElement.GetProperty("data").EnumerateArray().ToArray();
        Assert.Equal(["unusual", "STP"], traces.Select(trace => trace.GetProperty("name").GetString()));
        var macs = traces[0].GetProperty("x").EnumerateArray().Select(x => x.GetDouble()).Order().ToArray();
        Assert.Equal(curves[0].Points.Select(point => point.Cost).Order(), macs);
        Assert.True(macs[0] < macs[1] && macs[1] < 100, $"{macs[0]}, {macs[1]}");
    }

    private sealed record Unusual : ITokenScorer
    {
        public int Charge { get; init; } = 1;

        public ImportanceScores Score(ReductionContext context)
        {
            var x = context.X; // [B, N, D]
            var distance = (x - x.mean([1], keepdim: true)).pow(2).sum(2).sqrt(); // [B, N]
            distance = context.Mask is null ? distance : distance * context.Mask;
            return new ImportanceScores(distance / distance.sum(1, keepdim: true));
        }

        public PartCost Cost(LayerShape layer) => new(Charge * layer.Tokens * layer.Width); // a square each
    }

    [Fact]
    public void A_curve_without_points_is_named() =>
        Assert.Contains("'STP'", Assert.Throws<ArgumentException>(() => TradeOffChart.Of("", [new("STP", [])])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_chart_needs_a_curve() => Assert.Throws<ArgumentException>(() => TradeOffChart.Of("", []));
}
