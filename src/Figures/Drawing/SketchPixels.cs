namespace Madtp.Kit.Figures.Drawing;

/// <summary>Draws a sketch into pixels, for readers that show no SVG. The same sketch and fonts give the same pixels.</summary>
internal sealed class SketchPixels
{
    private readonly double scale;
    private readonly int width;
    private readonly int height;
    private readonly byte[] bytes;

    private SketchPixels(Sketch sketch, double scale)
    {
        this.scale = scale;
        (width, height) = ((int)Math.Round(sketch.Width * scale), (int)Math.Round(sketch.Height * scale));
        bytes = new byte[3 * width * height];
        bytes.AsSpan().Fill(255);
    }

    /// <summary>The sketch on white ground; null where the machine has no font to write with.</summary>
    public static Raster? Of(Sketch sketch, double scale)
    {
        if (FigureFonts.Of(bold: false) is null)
        {
            return null;
        }

        var pixels = new SketchPixels(sketch, scale);
        pixels.Draw(sketch.Marks, new Box(0, 0, pixels.width, pixels.height));
        return Raster.Rgb(pixels.bytes, pixels.width, pixels.height);
    }

    private void Draw(IEnumerable<Mark> marks, Box bounds)
    {
        foreach (var mark in marks)
        {
            switch (mark)
            {
                case PathMark { Spots.Count: > 0 } path:
                    Shape([.. path.Spots.Select(Scaled)], path.Closed, path.Fill, path.Pen, bounds);
                    break;
                case BoxMark box:
                    Shape(Outlines.Rectangle(Scaled(box.Box), box.Round * scale), true, box.Fill, box.Pen, bounds);
                    break;
                case CircleMark circle:
                    Shape(Outlines.Circle(Scaled(circle.Center), circle.Radius * scale), true, circle.Fill, circle.Pen, bounds);
                    break;
                case TextMark text:
                    Text(text, bounds);
                    break;
                case PictureMark picture:
                    Picture(Scaled(picture.Box), picture, bounds);
                    break;
                case ClippedMarks clipped:
                    Draw(clipped.Marks, Common(bounds, Scaled(clipped.Box)));
                    break;
            }
        }
    }

    private Spot Scaled(Spot spot) => new(spot.X * scale, spot.Y * scale);

    private Box Scaled(Box box) => new(box.X * scale, box.Y * scale, box.Width * scale, box.Height * scale);

    private static Box Common(Box a, Box b)
    {
        var (x, y) = (Math.Max(a.X, b.X), Math.Max(a.Y, b.Y));
        return new Box(x, y, Math.Max(0, Math.Min(a.Right, b.Right) - x), Math.Max(0, Math.Min(a.Bottom, b.Bottom) - y));
    }

    private void Shape(IReadOnlyList<Spot> outline, bool closed, Ink? fill, Pen? pen, Box bounds)
    {
        if (fill is { A: > 0 } ink)
        {
            Fill([outline], ink, bounds);
        }

        if (pen is { Width: > 0 })
        {
            var scaled = new Pen(pen.Ink, pen.Width * scale, pen.Dash is null ? null : [.. pen.Dash.Select(length => length * scale)]);
            Fill(Outlines.Line(outline, scaled, closed), pen.Ink, bounds);
        }
    }

    private void Fill(IReadOnlyList<IReadOnlyList<Spot>> outlines, Ink ink, Box bounds) =>
        new Coverage(outlines, bounds).Each((x, y, cover) => Blend(x, y, ink, cover * ink.A));

    private void Blend(int x, int y, Ink ink, double share)
    {
        if (x < 0 || y < 0 || x >= width || y >= height)
        {
            return;
        }

        var at = 3 * ((y * width) + x);
        bytes[at] = (byte)Math.Round(bytes[at] + ((ink.R - bytes[at]) * share));
        bytes[at + 1] = (byte)Math.Round(bytes[at + 1] + ((ink.G - bytes[at + 1]) * share));
        bytes[at + 2] = (byte)Math.Round(bytes[at + 2] + ((ink.B - bytes[at + 2]) * share));
    }

    private void Text(TextMark text, Box bounds)
    {
        var font = FigureFonts.Of(text.Bold)!;
        var (letters, length) = font.Text(text.Text, text.Size * scale);
        var start = text.Anchor switch { Anchor.Middle => -length / 2, Anchor.End => -length, _ => 0 };
        var (sin, cos) = Math.SinCos(text.Turn * Math.PI / 180);
        var at = Scaled(text.At);
        Spot Place(Spot spot) => new(at.X + ((spot.X + start) * cos) - (spot.Y * sin), at.Y + ((spot.X + start) * sin) + (spot.Y * cos));
        Fill([.. letters.Select(letter => (IReadOnlyList<Spot>)[.. letter.Select(Place)])], text.Ink, bounds);
        if (text.Struck)
        {
            var (y, thick) = (-text.Size * scale * 0.28, Math.Max(1, text.Size * scale * 0.07));
            Fill([[Place(new(0, y)), Place(new(length, y)), Place(new(length, y + thick)), Place(new(0, y + thick))]], text.Ink, bounds);
        }
    }

    private void Picture(Box box, PictureMark picture, Box bounds)
    {
        var pixels = picture.Pixels;
        for (var y = (int)Math.Max(bounds.Y, Math.Round(box.Y)); y < Math.Min(bounds.Bottom, Math.Round(box.Bottom)); y++)
        {
            for (var x = (int)Math.Max(bounds.X, Math.Round(box.X)); x < Math.Min(bounds.Right, Math.Round(box.Right)); x++)
            {
                var (u, v) = ((x + 0.5 - box.X) / box.Width * pixels.Width, (y + 0.5 - box.Y) / box.Height * pixels.Height);
                var ink = picture.Smooth ? Between(pixels, u - 0.5, v - 0.5) : At(pixels, (int)u, (int)v);
                Blend(x, y, ink, ink.A);
            }
        }
    }

    private static Ink At(Raster pixels, int x, int y)
    {
        var at = pixels.Channels * ((Math.Clamp(y, 0, pixels.Height - 1) * pixels.Width) + Math.Clamp(x, 0, pixels.Width - 1));
        return new Ink(pixels.Bytes[at], pixels.Bytes[at + 1], pixels.Bytes[at + 2], pixels.Channels == 4 ? pixels.Bytes[at + 3] / 255.0 : 1);
    }

    private static Ink Between(Raster pixels, double u, double v)
    {
        var (x, y) = ((int)Math.Floor(u), (int)Math.Floor(v));
        var upper = At(pixels, x, y).Mix(At(pixels, x + 1, y), u - x);
        return upper.Mix(At(pixels, x, y + 1).Mix(At(pixels, x + 1, y + 1), u - x), v - y);
    }
}
