using System.Xml.Linq;
using Madtp.Kit.Figures;
using Madtp.Kit.Kernel.Formatting;
using Plotly.NET;
using Plotly.NET.CSharp;
using Xunit;
using Chart = Plotly.NET.CSharp.Chart;

namespace Madtp.Kit.Tests.Figures;

/// <summary>What a notebook gets to show: pictures that need no script.</summary>
public class NotebookDisplayTests
{
    [Fact]
    public void A_chart_is_shown_as_a_picture()
    {
        var values = MimeBundle.From(Line()).Values.ToDictionary(value => value.MimeType, value => value.Value);
        Assert.Equal("svg", XDocument.Parse(values["image/svg+xml"]).Root!.Name.LocalName);
        Assert.DoesNotContain("text/html", values.Keys);
        Assert.Contains("chart", values["text/plain"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_drawn_chart_shows_the_same_picture_and_is_kept()
    {
        var folder = Directory.CreateTempSubdirectory("figures");
        try
        {
            var path = Path.Combine(folder.FullName, "line.svg");
            var figure = Line().Draw(path);
            var shown = MimeBundle.From(figure).Values.Single(value => value.MimeType == "image/svg+xml").Value;
            Assert.Equal(figure.Svg, shown);
            Assert.Equal(shown, File.ReadAllText(path));
            Assert.Contains("loss falls", figure.Svg, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Axis_titles_are_those_of_the_long_way()
    {
        var both = Line().WithXAxisStyle<int, int, string>(TitleText: "step").WithYAxisStyle<int, int, string>(TitleText: "loss");
        Assert.Equal(GenericChart.toJson(both), GenericChart.toJson(Line().WithAxisTitles("step", "loss")));
        Assert.Equal(GenericChart.toJson(Line()), GenericChart.toJson(Line().WithAxisTitles()));
        Assert.DoesNotContain("xaxis", GenericChart.toJson(Line().WithAxisTitles(y: "loss")), StringComparison.Ordinal);
    }

    private static GenericChart Line() => Chart.Line<double, double, string>(x: [1, 2, 3], y: [3, 2, 1]).WithTitle("loss falls");
}
