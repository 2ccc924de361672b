namespace Madtp.Kit.Figures.Drawing;

/// <summary>A drawing under way: marks in the order they are put down.</summary>
internal sealed class Sketch(double width, double height)
{
    private readonly Stack<(Box Box, List<Mark> Marks)> open = new();
    private readonly List<Mark> marks = [];

    public double Width { get; } = width;

    public double Height { get; } = height;

    public IReadOnlyList<Mark> Marks => marks;

    private List<Mark> Current => open.Count > 0 ? open.Peek().Marks : marks;

    public void Line(double x1, double y1, double x2, double y2, Pen pen) => Path([new Spot(x1, y1), new Spot(x2, y2)], pen);

    public void Path(IReadOnlyList<Spot> spots, Pen pen) => Current.Add(new PathMark(spots, false, null, pen));

    public void Shape(IReadOnlyList<Spot> spots, Ink? fill, Pen? pen = null) => Current.Add(new PathMark(spots, true, fill, pen));

    public void Fill(Box box, Ink? fill, Pen? pen = null, double round = 0) => Current.Add(new BoxMark(box, fill, pen, round));

    public void Circle(Spot center, double radius, Ink? fill, Pen? pen = null) => Current.Add(new CircleMark(center, radius, fill, pen));

    public void Text(double x, double y, string text, double size, Ink ink, Anchor anchor = Anchor.Start, bool bold = false, double turn = 0, bool struck = false)
    {
        if (text.Length > 0)
        {
            Current.Add(new TextMark(new Spot(x, y), text, size, ink, anchor, bold, turn, struck));
        }
    }

    public void Picture(Box box, Raster pixels, bool smooth) => Current.Add(new PictureMark(box, pixels, smooth));

    /// <summary>Draws what the action draws, cut off outside of the rectangle.</summary>
    public void Within(Box box, Action draw)
    {
        open.Push((box, []));
        draw();
        var (_, inside) = open.Pop();
        if (inside.Count > 0)
        {
            Current.Add(new ClippedMarks(box, inside));
        }
    }
}
