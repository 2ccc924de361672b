using System.Xml.Linq;
using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Figures;
using Madtp.Kit.Figures.Charts;
using Madtp.Kit.Figures.Drawing;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

public class ChartPainterTests
{
    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(11, 11);

    [Fact]
    public void A_line_runs_between_the_corners_of_its_ranges()
    {
        var json = ChartJson.Of(
            new { width = 600, height = 400, xaxis = new { range = new[] { 0, 10 } }, yaxis = new { range = new[] { 0, 5 } } },
            ChartJson.Line("a", [0, 10], [0, 5]));
        var marks = Flat(ChartPainter.Draw(json).Sketch.Marks).ToArray();
        var line = marks.OfType<PathMark>().Single(path => path.Pen?.Width > 2);
        var axis = marks.OfType<PathMark>().Single(path => path.Pen?.Ink == Look.Axis);
        Assert.Equal(axis.Spots[0], line.Spots[0]);
        Assert.Equal(axis.Spots[1].X, line.Spots[1].X, 6);
        Assert.InRange(line.Spots[1].Y, 5, 30);
    }

    [Fact]
    public void A_missing_value_breaks_the_line()
    {
        var json = ChartJson.Of(new { }, ChartJson.Line("a", [1, 2, 3, 4, 5], [1, 2, null, 4, 5]));
        var lines = Flat(ChartPainter.Draw(json).Sketch.Marks).OfType<PathMark>().Where(path => path.Pen?.Width > 2).ToArray();
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Equal(2, line.Spots.Count));
    }

    [Fact]
    public void Bars_stand_on_zero_and_grow_with_their_values()
    {
        var json = ChartJson.Of(new { }, ChartJson.Bars(null, ["a", "b"], [2, 4]));
        var bars = Flat(ChartPainter.Draw(json).Sketch.Marks).OfType<BoxMark>().Where(box => box.Fill == Look.Series(0)).ToArray();
        Assert.Equal(2, bars.Length);
        Assert.Equal(bars[0].Box.Bottom, bars[1].Box.Bottom, 6);
        Assert.Equal(2 * bars[0].Box.Height, bars[1].Box.Height, 6);
        Assert.False(bars[0].Box.Overlaps(bars[1].Box));
    }

    [Fact]
    public void Stacked_bars_stand_on_one_another()
    {
        var json = ChartJson.Of(new { barmode = "stack" }, ChartJson.Bars("a", ["x"], [3]), ChartJson.Bars("b", ["x"], [1]));
        var marks = Flat(ChartPainter.Draw(json).Sketch.Marks).OfType<BoxMark>().Where(mark => mark.Box.Width > 40).ToArray();
        var (lower, upper) = (marks.Single(mark => mark.Fill == Look.Series(0)).Box, marks.Single(mark => mark.Fill == Look.Series(1)).Box);
        Assert.Equal(lower.Y, upper.Bottom, 6);
        Assert.Equal(3 * upper.Height, lower.Height, 6);
    }

    [Fact]
    public void Logarithmic_axes_space_powers_of_ten_evenly()
    {
        var json = ChartJson.Of(new { xaxis = new { type = "log" } }, ChartJson.Line("a", [1, 10, 100, 1000], [1, 1, 2, 2], "lines+markers"));
        var points = Flat(ChartPainter.Draw(json).Sketch.Marks).OfType<CircleMark>().Select(circle => circle.Center.X).ToArray();
        Assert.Equal(4, points.Length);
        Assert.Equal(points[1] - points[0], points[2] - points[1], 6);
        Assert.Equal(points[1] - points[0], points[3] - points[2], 6);
        Assert.Contains("1000", Texts(json));
    }

    [Fact]
    public void A_heat_map_colours_its_ends_and_writes_what_is_noted()
    {
        var json = ChartJson.Of(
            new { annotations = new[] { new { x = 1, y = 0, text = "two", showarrow = false } } },
            new { type = "heatmap", z = new[] { new[] { 1, 2 }, [3, 4] } });
        var marks = Flat(ChartPainter.Draw(json).Sketch.Marks).ToArray();
        var cells = marks.OfType<BoxMark>().Where(box => box.Box.Width > 100 && box.Fill != Ink.White).ToArray();
        Assert.Equal(4, cells.Length);
        Assert.Equal(Ink.Hex("#440154"), cells[0].Fill);
        Assert.Equal(Ink.Hex("#fde725"), cells[3].Fill);
        var note = marks.OfType<TextMark>().Single(text => text.Text == "two");
        Assert.True(cells[1].Box.Holds(note.At));
        Assert.True(cells[0].Box.Y > cells[2].Box.Y, "the first row is at the bottom");
    }

    [Fact]
    public void A_legend_is_drawn_where_there_is_something_to_tell_apart()
    {
        var one = ChartJson.Of(new { }, ChartJson.Line("only", [1, 2], [1, 2]));
        var two = ChartJson.Of(new { }, ChartJson.Line("first", [1, 2], [1, 2]), ChartJson.Line("second", [1, 2], [2, 1]));
        var forced = ChartJson.Of(new { showlegend = true }, ChartJson.Line("only", [1, 2], [1, 2]));
        var hidden = ChartJson.Of(new { showlegend = false }, ChartJson.Line("first", [1, 2], [1, 2]), ChartJson.Line("second", [1, 2], [2, 1]));
        Assert.DoesNotContain("only", Texts(one));
        Assert.Superset(new HashSet<string> { "first", "second" }, Texts(two).ToHashSet());
        Assert.Contains("only", Texts(forced));
        Assert.DoesNotContain("first", Texts(hidden));
    }

    [Fact]
    public void A_name_has_one_colour_in_every_panel()
    {
        var json = ChartJson.Of(
            new { grid = new { rows = 1, columns = 2, pattern = "independent" } },
            new { type = "scatter", mode = "markers", name = "a", x = new[] { 1 }, y = new[] { 1 } },
            new { type = "scatter", mode = "markers", name = "b", x = new[] { 1 }, y = new[] { 2 } },
            new { type = "scatter", mode = "markers", name = "b", x = new[] { 1 }, y = new[] { 2 }, xaxis = "x2", yaxis = "y2" });
        var points = Flat(ChartPainter.Draw(json).Sketch.Marks).OfType<CircleMark>().Where(circle => circle.Pen?.Ink == Ink.White).ToArray();
        Assert.Equal(3, points.Length);
        Assert.NotEqual(points[0].Fill, points[1].Fill);
        Assert.Equal(points[1].Fill, points[2].Fill);
        Assert.True(points[2].Center.X > points[1].Center.X + 100);
    }

    [Fact]
    public void Labels_of_close_points_do_not_cover_one_another()
    {
        var json = ChartJson.Of(new { }, new
        {
            type = "scatter",
            mode = "markers+text",
            x = new[] { 1, 1.02, 1.04, 1.01, 3 },
            y = new[] { 1, 1.01, 1, 0.98, 2 },
            text = new[] { "MADTP", "EViT", "ToMe", "STP", "UPop" },
            textposition = "top center",
        });
        Apart(ChartPainter.Draw(json).Sketch);
    }

    [Fact]
    public void Texts_of_any_figure_are_on_it_and_apart()
    {
        var figures =
            from bars in Gen.Elements(true, false)
            from count in Gen.Choose(1, 24)
            from scale in Gen.Choose(-3, 9)
            from seed in Gen.Choose(0, 10000)
            from width in Gen.Choose(360, 1000)
            from height in Gen.Choose(260, 600)
            from series in Gen.Choose(1, 5)
            select Random(bars, count, Math.Pow(10, scale), seed, width, height, series);
        Prop.ForAll(figures.ToArbitrary(), json =>
        {
            Apart(ChartPainter.Draw(json).Sketch);
            return true;
        }).Check(Cases);
    }

    [Fact]
    public void The_same_figure_is_drawn_with_the_same_characters()
    {
        var json = Random(true, 7, 10, 5, 640, 400, 3);
        var figure = StaticFigure.FromJson(json);
        Assert.Equal(figure.Svg, StaticFigure.FromJson(json).Svg);
        var root = XDocument.Parse(figure.Svg).Root!;
        Assert.Equal("640", root.Attribute("width")!.Value);
        Assert.DoesNotContain(root.Descendants(), element => element.Name.LocalName == "script");
    }

    [Theory]
    [InlineData("not json", "not JSON")]
    [InlineData("{}", "no list 'data'")]
    [InlineData("{\"data\":[{\"type\":\"scatter3d\",\"x\":[1]}]}", "'scatter3d' is not drawn")]
    [InlineData("{\"data\":[{\"type\":\"scatter\",\"x\":[1],\"y\":[1],\"line\":{\"color\":\"blurple\"}}]}", "'blurple' is not a colour")]
    [InlineData("{\"data\":[{\"type\":\"heatmap\",\"z\":[[1]],\"colorscale\":\"Moody\"}]}", "'Moody' is not a colour scale")]
    [InlineData("{\"data\":[{\"type\":\"bar\",\"x\":[1],\"y\":[1]},{\"type\":\"bar\",\"x\":[1],\"y\":[1],\"yaxis\":\"y2\"}]}", "second axis")]
    public void What_cannot_be_drawn_is_named(string json, string says) =>
        Assert.Contains(says, Assert.Throws<ArgumentException>(() => StaticFigure.FromJson(json)).Message, StringComparison.Ordinal);

    private static string Random(bool bars, int count, double scale, int seed, int width, int height, int series)
    {
        var random = new Random(seed);
        object[] traces = [.. Enumerable.Range(0, series).Select(i => bars
            ? ChartJson.Bars($"series {i}", [.. Enumerable.Range(0, count).Select(c => $"group {c}")], [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() * scale)])
            : ChartJson.Line($"series {i}", [.. Enumerable.Range(0, count).Select(c => c * scale)], [.. Enumerable.Range(0, count).Select(_ => (double?)((random.NextDouble() - 0.3) * scale))], "lines+markers"))];
        return ChartJson.Of(new { width, height, title = new { text = "A title" }, xaxis = new { title = new { text = "across" } }, yaxis = new { title = new { text = "up" } } }, traces);
    }

    private static void Apart(Sketch sketch)
    {
        var boxes = Flat(sketch.Marks).OfType<TextMark>().Where(text => text.Turn == 0).Select(text =>
        {
            // A viewer's face is a little narrower than the one that is reckoned with.
            var width = TextWidth.Of(text.Text, text.Size, text.Bold) * 0.95;
            var x = text.At.X - (text.Anchor switch { Anchor.Middle => width / 2, Anchor.End => width, _ => 0 });
            return (text.Text, Box: new Box(x, text.At.Y - (text.Size * 0.72), width, text.Size * 0.72));
        }).ToArray();
        for (var i = 0; i < boxes.Length; i++)
        {
            Assert.True(new Box(0, 0, sketch.Width, sketch.Height).Holds(boxes[i].Box), $"'{boxes[i].Text}' leaves the figure");
            for (var j = i + 1; j < boxes.Length; j++)
            {
                Assert.False(boxes[i].Box.Overlaps(boxes[j].Box), $"'{boxes[i].Text}' covers '{boxes[j].Text}'");
            }
        }
    }

    private static IEnumerable<string> Texts(string json) => Flat(ChartPainter.Draw(json).Sketch.Marks).OfType<TextMark>().Select(text => text.Text);

    private static IEnumerable<Mark> Flat(IEnumerable<Mark> marks) => marks.SelectMany(mark => mark is ClippedMarks clipped ? Flat(clipped.Marks) : [mark]);
}
