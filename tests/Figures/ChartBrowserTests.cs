using System.Diagnostics;
using System.Xml.Linq;
using Madtp.Kit.Figures;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

/// <summary>Static pictures of charts, drawn by a browser without a window.</summary>
[Trait("needs", "browser")]
[Collection(Name)]
public class ChartBrowserTests
{
    /// <summary>One after another: they share this process's browser, and one of them ends it.</summary>
    public const string Name = "chart browser";

    [Fact]
    public void A_chart_gives_the_same_svg_and_the_same_pixels_each_time()
    {
        SampleChart.NeedsBrowser();
        var (first, other, again) = (SampleChart.Draw("one"), SampleChart.Draw("two"), SampleChart.Draw("one"));
        Assert.NotEqual(first.Svg, other.Svg);
        Assert.Equal(first.Svg, again.Svg);
        Assert.Equal(first.ToPng(1), again.ToPng(1));
        Assert.Equal("PNG", System.Text.Encoding.ASCII.GetString(first.ToPng(1)!, 1, 3));
    }

    [Fact]
    public void A_picture_has_no_script_and_asks_for_nothing()
    {
        SampleChart.NeedsBrowser();
        var svg = XDocument.Parse(SampleChart.Draw("one").Svg);
        Assert.Equal("640", svg.Root!.Attribute("width")!.Value);
        Assert.DoesNotContain(svg.Descendants(), element => element.Name.LocalName is "script" or "image" or "foreignObject");
        var attributes = svg.Descendants().Attributes().Where(attribute => !attribute.IsNamespaceDeclaration);
        Assert.DoesNotContain(attributes, attribute => attribute.Value.Contains("http", StringComparison.Ordinal));
        Assert.Contains("one", svg.Descendants().Where(element => element.Name.LocalName == "text").Select(text => text.Value));
    }

    [Fact]
    public void Pictures_in_one_page_do_not_clip_each_other()
    {
        SampleChart.NeedsBrowser();
        string[] Ids(string title) =>
            [.. XDocument.Parse(SampleChart.Draw(title).Svg).Descendants().Attributes("id").Select(id => id.Value)];
        Assert.NotEmpty(Ids("one"));
        Assert.Empty(Ids("one").Intersect(Ids("two")));
    }

    [Fact]
    public void Many_figures_share_one_browser_and_another_is_started_when_somebody_ended_it()
    {
        SampleChart.NeedsBrowser();
        var picture = SampleChart.Draw("one").Svg;
        var started = Assert.Single(SampleChart.BrowsersOf(Environment.ProcessId));
        for (var i = 0; i < 5; i++)
            Assert.NotEmpty(SampleChart.Draw($"figure {i}").Svg);

        Assert.Equal(started, Assert.Single(SampleChart.BrowsersOf(Environment.ProcessId)));
        using (var process = Process.GetProcessById(started))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        Assert.Equal(picture, SampleChart.Draw("one").Svg);
        Assert.NotEqual(started, Assert.Single(SampleChart.BrowsersOf(Environment.ProcessId)));
    }

    [Fact]
    public void A_chart_that_cannot_be_drawn_is_named_and_the_next_one_is_drawn()
    {
        SampleChart.NeedsBrowser();
        var strange = new ChartLook("""{ "data": [], "layout": {} }""", "strange", Width: 100, Height: -1);
        var refused = Assert.Throws<InvalidOperationException>(() => ChartBrowser.Png(strange, 1));
        Assert.Contains("'strange'", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(SampleChart.Draw("one").Svg);
    }
}
