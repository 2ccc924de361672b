using Madtp.Kit.Figures;
using Madtp.Kit.Figures.Drawing;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

public class SketchPixelsTests
{
    private static readonly Ink Black = Ink.Hex("#000000");

    [Fact]
    public void A_rectangle_covers_its_area_to_the_part_of_a_pixel()
    {
        var cover = Covered([[new(1.25, 2), new(4.5, 2), new(4.5, 5.5), new(1.25, 5.5)]]);
        Assert.Equal(3.25 * 3.5, cover.Values.Sum(), 4);
        Assert.Equal(0.75, cover[(1, 2)], 4);
        Assert.Equal(1, cover[(2, 3)], 4);
        Assert.Equal(0.25, cover[(4, 5)], 4);
    }

    [Fact]
    public void A_triangle_covers_half_of_its_box() =>
        Assert.Equal(17 * 11 / 2.0, Covered([[new(3.3, 4.1), new(20.3, 4.1), new(20.3, 15.1)]]).Values.Sum(), 3);

    [Fact]
    public void A_circle_covers_pi() =>
        Assert.Equal(Math.PI * 400, Covered([Outlines.Circle(new Spot(50.2, 50.7), 20)]).Values.Sum(), 4.0);

    [Fact]
    public void What_lies_twice_counts_once()
    {
        Spot[] square = [new(2, 2), new(6, 2), new(6, 6), new(2, 6)];
        Assert.Equal(16, Covered([square, square]).Values.Sum(), 4);
    }

    [Fact]
    public void Nothing_is_drawn_outside_of_the_bounds()
    {
        Spot[] huge = [new(-1e7, 3), new(1e7, 3), new(1e7, 5), new(-1e7, 5)];
        var cover = Covered([huge]);
        Assert.Equal(200, cover.Values.Sum(), 3);
        Assert.All(cover.Keys, pixel => Assert.InRange(pixel.X, 0, 99));
    }

    [Fact]
    public void A_dashed_line_covers_its_dashes()
    {
        var pen = new Pen(Black, 1, [4, 6]);
        var line = Outlines.Line([new Spot(0, 10.5), new Spot(50, 10.5)], pen, closed: false);
        Assert.Equal(20, Covered(line).Values.Sum(), 3);
    }

    [Fact]
    public void Marks_become_pixels_at_their_place()
    {
        Fonts();
        var sketch = new Sketch(40, 20);
        sketch.Fill(new Box(10, 5, 10, 10), Black);
        sketch.Within(new Box(0, 0, 25, 20), () => sketch.Fill(new Box(20, 5, 20, 10), Ink.Hex("#ff0000").Fade(0.5)));
        sketch.Picture(new Box(30, 0, 4, 4), new Raster(2, 2, [0, 0, 255, 255, 0, 255, 0, 255, 0, 0, 0, 0, 0, 0, 0, 0], 4), smooth: false);
        var pixels = SketchPixels.Of(sketch, 2)!;
        Assert.Equal((80, 40), (pixels.Width, pixels.Height));
        Assert.Equal([0, 0, 0], Pixel(pixels, 25, 20));
        Assert.Equal([255, 128, 128], Pixel(pixels, 45, 20));
        Assert.Equal([255, 255, 255], Pixel(pixels, 55, 20));
        Assert.Equal([0, 0, 255], Pixel(pixels, 61, 1));
        Assert.Equal([0, 255, 0], Pixel(pixels, 66, 2));
        Assert.Equal([255, 255, 255], Pixel(pixels, 61, 6));
    }

    [Fact]
    public void Letters_fill_the_width_they_are_reckoned_with()
    {
        Fonts();
        var sketch = new Sketch(200, 30);
        sketch.Text(10, 20, "Hamburg 0123", 14, Black);
        var pixels = SketchPixels.Of(sketch, 1)!;
        var columns = Enumerable.Range(0, 200).Where(x => Enumerable.Range(0, 30).Any(y => pixels.Bytes[3 * ((y * 200) + x)] < 128)).ToArray();
        Assert.InRange(columns.Min(), 10, 12);
        Assert.InRange(columns.Max(), 60, 11 + TextWidth.Of("Hamburg 0123", 14));
    }

    [Fact]
    public void A_drawing_is_shown_as_svg_and_pixels_and_photographs_as_pixels_alone()
    {
        Fonts();
        StaticFigure Map(byte[] rgb, int side) => KeepMap.Draw("", [new KeptPatches("", new RgbPicture(rgb, side, side), new PatchGrid(4, 4), [[1]])]);
        Assert.Equal(["text/html", "image/svg+xml", "image/png", "text/plain"], Shown(Map(new byte[3 * 4 * 4], 4)));
        var noise = new byte[3 * 300 * 300];
        new Random(2).NextBytes(noise);
        Assert.Equal(["text/html", "image/png", "text/plain"], Shown(Map(noise, 300)));
    }

    private static string[] Shown(StaticFigure figure) => [.. Madtp.Kit.Kernel.Formatting.MimeBundle.From(figure).Values.Select(value => value.MimeType)];

    private static void Fonts() => Assert.SkipWhen(FigureFonts.Of(bold: false) is null, "this machine has no sans-serif font to write with");

    private static byte[] Pixel(Raster pixels, int x, int y) => pixels.Bytes[(3 * ((y * pixels.Width) + x))..][..3];

    private static Dictionary<(int X, int Y), double> Covered(IReadOnlyList<IReadOnlyList<Spot>> outlines)
    {
        var cover = new Dictionary<(int, int), double>();
        new Coverage(outlines, new Box(0, 0, 100, 100)).Each((x, y, share) => cover.Add((x, y), share));
        return cover;
    }
}
