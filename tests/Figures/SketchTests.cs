using System.Globalization;
using System.Xml.Linq;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Figures;
using SkiaSharp;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

/// <summary>One drawing, looked at in both of its forms.</summary>
public class SketchTests
{
    [Fact]
    public void Areas_and_pictures_are_at_their_place_in_pixels()
    {
        var figure = Drawn("marks", 40, 20, canvas =>
        {
            canvas.Fill(SKRect.Create(10, 5, 10, 10), SKColors.Black);
            canvas.Fill(SKRect.Create(20, 5, 5, 10), SKColors.Red.WithAlpha(128));
            using var picture = new RgbImage(1, 1, [0, 0, 255]).ToSkia();
            canvas.Picture(SKRect.Create(30, 0, 4, 4), picture);
        });
        var pixels = RgbImage.Decode(figure.ToPng(2)!, "marks.png");
        Assert.Equal((80, 40), (pixels.Width, pixels.Height));
        Assert.Equal([0, 0, 0], Pixel(pixels, 25, 20));
        Assert.Equal([255, 127, 127], Pixel(pixels, 45, 20));
        Assert.Equal([255, 255, 255], Pixel(pixels, 55, 20));
        Assert.Equal([0, 0, 255], Pixel(pixels, 61, 1));
    }

    [Fact]
    public void Words_fill_the_width_they_are_reckoned_with_in_both_forms()
    {
        RequireFont();
        var figure = Drawn("words", 200, 30, canvas => canvas.Write(10, 20, "Hamburg 0123", 14, SKColors.Black));
        var pixels = RgbImage.Decode(figure.ToPng(1)!, "words.png");
        var columns = Enumerable.Range(0, 200).Where(x => Enumerable.Range(0, 30).Any(y => Pixel(pixels, x, y)[0] < 128)).ToArray();
        var end = 10 + Sketch.Width("Hamburg 0123", 14);
        Assert.InRange(columns.Min(), 10, 12);
        Assert.InRange(columns.Max(), end - 3, end);
        var text = XDocument.Parse(figure.Svg).Descendants().Single(each => each.Name.LocalName == "text");
        var places = ((string)text.Attribute("x")!).Split(' ').Select(x => float.Parse(x, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal("Hamburg 0123", text.Value);
        Assert.Equal(12, places.Length);
        Assert.Equal(places.Order(), places);
        Assert.InRange(places[^1], end - 10, end - 8);
    }

    [Fact]
    public void A_long_title_is_cut_to_the_width_and_told_whole()
    {
        RequireFont();
        var title = string.Join(' ', Enumerable.Repeat("two red circles", 20));
        var root = XDocument.Parse(Sketch.Figure(title, "", 200, 60, _ => { }).Svg).Root!;
        string Value(string name) => root.Elements().First(each => each.Name.LocalName == name).Value;
        Assert.Equal(title, Value("title"));
        Assert.EndsWith("…", Value("text"), StringComparison.Ordinal);
        Assert.InRange(Sketch.Edge + Sketch.Width(Value("text"), 16, bold: true), 150, 200 - Sketch.Edge);
    }

    [Fact]
    public void Any_text_makes_a_document()
    {
        RequireFont();
        const string Text = "<b> & \"\u0001\ud800 猫 ]]>";
        var figure = Drawn(Text, 200, 30, canvas => canvas.Write(10, 20, Text, 14, SKColors.Black));
        var root = XDocument.Parse(figure.Svg).Root!;
        Assert.Equal("<b> & \" � 猫 ]]>", root.Elements().First(each => each.Name.LocalName == "title").Value);
        var text = root.Elements().First(each => each.Name.LocalName == "text");
        Assert.Equal("<b> & \" � 猫 ]]>", text.Value);
        Assert.Equal("10", (string?)text.Attribute("x"));
    }

    [Fact]
    public void Two_drawings_of_one_page_share_no_names()
    {
        string Named(byte shade) => (string)XDocument.Parse(Drawn("one", 9, 9, canvas =>
        {
            using var picture = new RgbImage(1, 1, [shade, 0, 0]).ToSkia();
            canvas.Picture(SKRect.Create(9, 9), picture);
        }).Svg).Descendants().Single(each => each.Name.LocalName == "image").Attribute("id")!;
        Assert.NotEqual(Named(1), Named(2));
    }

    [Fact]
    public void Text_that_is_too_long_is_cut_to_its_width()
    {
        RequireFont();
        var cut = Sketch.Fit("a rather long title", 12, 60);
        Assert.EndsWith("…", cut);
        Assert.StartsWith("a rat", cut);
        Assert.InRange(Sketch.Width(cut, 12), 40, 60);
        Assert.Equal("short", Sketch.Fit("short", 12, 60));
        Assert.Equal("…", Sketch.Fit("wide", 12, 1));
    }

    [Fact]
    public void A_drawing_is_shown_as_svg_and_pixels_and_photographs_as_pixels_alone()
    {
        var (small, noise) = (new byte[3 * 4 * 4], new byte[3 * 300 * 300]);
        new Random(2).NextBytes(noise);
        Assert.Superset(new HashSet<string> { "image/svg+xml", "image/png", "text/plain" }, Shown(small, 4));
        Assert.Contains("image/png", Shown(noise, 300));
        Assert.DoesNotContain("image/svg+xml", Shown(noise, 300));
    }

    private static HashSet<string> Shown(byte[] rgb, int side)
    {
        var map = KeepMap.Draw("", [new KeptPatches("", new RgbImage(side, side, rgb), new PatchGrid(4, 4), [[1]])]);
        return [.. Kit.Kernel.Formatting.MimeBundle.From(map).Values.Select(value => value.MimeType)];
    }

    private static StaticFigure Drawn(string about, float width, float height, Action<Sketch> draw) => Sketch.Figure("", about, width, height, draw);

    [Theory]
    [InlineData("", "'DejaVu Sans',Verdana,'Liberation Sans',Arial,sans-serif")]
    [InlineData("Arial", "Arial,'DejaVu Sans',Verdana,'Liberation Sans',sans-serif")]
    public void A_face_without_a_name_is_not_named(string ours, string faces) => Assert.Equal(faces, Sketch.Faces(ours));

    private static void RequireFont() => Assert.SkipUnless(Sketch.HasWords, "this machine has no sans-serif font to write with");

    private static byte[] Pixel(RgbImage pixels, int x, int y) => pixels.Pixels[(3 * ((y * pixels.Width) + x))..][..3];
}
