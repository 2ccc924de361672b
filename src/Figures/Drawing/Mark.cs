namespace Madtp.Kit.Figures.Drawing;

/// <summary>Where a text stands to its point.</summary>
internal enum Anchor
{
    Start,
    Middle,
    End,
}

/// <summary>A point of the drawing, in pixels from the top left.</summary>
internal readonly record struct Spot(double X, double Y);

/// <summary>A rectangle of the drawing.</summary>
internal readonly record struct Box(double X, double Y, double Width, double Height)
{
    public double Right => X + Width;

    public double Bottom => Y + Height;

    public double CenterX => X + (Width / 2);

    public double CenterY => Y + (Height / 2);

    public bool Overlaps(Box other) => X < other.Right && other.X < Right && Y < other.Bottom && other.Y < Bottom;

    public bool Holds(Box other) => other.X >= X && other.Y >= Y && other.Right <= Right && other.Bottom <= Bottom;

    public bool Holds(Spot spot) => spot.X >= X && spot.X <= Right && spot.Y >= Y && spot.Y <= Bottom;

    public Box Grown(double by) => new(X - by, Y - by, Width + (2 * by), Height + (2 * by));
}

/// <summary>How a line is drawn.</summary>
/// <param name="Ink">Its colour.</param>
/// <param name="Width">Its width in pixels.</param>
/// <param name="Dash">Lengths of strokes and gaps in turn; null for a solid line.</param>
internal sealed record Pen(Ink Ink, double Width, IReadOnlyList<double>? Dash = null);

/// <summary>One thing that is drawn.</summary>
internal abstract record Mark;

/// <summary>A line through points, or a filled shape around them.</summary>
internal sealed record PathMark(IReadOnlyList<Spot> Spots, bool Closed, Ink? Fill, Pen? Pen) : Mark;

/// <summary>A rectangle.</summary>
internal sealed record BoxMark(Box Box, Ink? Fill, Pen? Pen, double Round = 0) : Mark;

/// <summary>A circle.</summary>
internal sealed record CircleMark(Spot Center, double Radius, Ink? Fill, Pen? Pen) : Mark;

/// <summary>A line of text; the point is on its baseline.</summary>
/// <param name="At">Where it is anchored.</param>
/// <param name="Text">What it says.</param>
/// <param name="Size">Height of the letters' body in pixels.</param>
/// <param name="Ink">Its colour.</param>
/// <param name="Anchor">Which end is at the point.</param>
/// <param name="Bold">Whether it is heavier.</param>
/// <param name="Turn">Degrees it is turned clockwise about its point.</param>
/// <param name="Struck">Whether a line runs through it.</param>
internal sealed record TextMark(Spot At, string Text, double Size, Ink Ink, Anchor Anchor = Anchor.Start, bool Bold = false, double Turn = 0, bool Struck = false) : Mark;

/// <summary>An image of pixels.</summary>
/// <param name="Box">Where it is drawn.</param>
/// <param name="Pixels">The pixels.</param>
/// <param name="Smooth">Whether enlarged pixels blend.</param>
internal sealed record PictureMark(Box Box, Raster Pixels, bool Smooth) : Mark;

/// <summary>Marks that are cut off outside of a rectangle.</summary>
internal sealed record ClippedMarks(Box Box, IReadOnlyList<Mark> Marks) : Mark;
