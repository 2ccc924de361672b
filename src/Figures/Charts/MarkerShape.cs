using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures.Charts;

/// <summary>The symbols points are drawn with; figures number them.</summary>
internal static class MarkerShape
{
    public static void Draw(Sketch sketch, Spot at, string? symbol, double size, Ink ink, Pen? outline)
    {
        var (kind, hollow) = Kind(symbol);
        var radius = size / 2;
        Ink? fill = hollow ? Ink.White : ink;
        var pen = hollow ? new Pen(ink, 1.6) : outline;
        switch (kind)
        {
            case 1:
                sketch.Fill(new Box(at.X - (radius * 0.88), at.Y - (radius * 0.88), size * 0.88, size * 0.88), fill, pen);
                break;
            case 2:
                sketch.Shape(Star(at, radius * 1.15, radius * 1.15, 2, 0), fill, pen);
                break;
            case 3:
                sketch.Shape(Cross(at, radius, 0), fill, pen);
                break;
            case 4:
                sketch.Shape(Cross(at, radius, 45), fill, pen);
                break;
            case 5:
                sketch.Shape(Ring(at, radius * 1.15, 3, 0), fill, pen);
                break;
            case 6:
                sketch.Shape(Ring(at, radius * 1.15, 3, 180), fill, pen);
                break;
            case 17:
                sketch.Shape(Star(at, radius * 1.3, radius * 0.55, 5, 0), fill, pen);
                break;
            default:
                sketch.Circle(at, radius, fill, pen);
                break;
        }
    }

    /// <summary>The symbol's number, and whether it is hollow: a hundred more, or "-open".</summary>
    private static (int Kind, bool Hollow) Kind(string? symbol)
    {
        if (int.TryParse(symbol, out var number))
        {
            return (number % 100, number is >= 100 and < 200);
        }

        var hollow = symbol?.EndsWith("-open", StringComparison.Ordinal) == true;
        var name = hollow ? symbol![..^5] : symbol;
        return (name switch { "square" => 1, "diamond" => 2, "cross" => 3, "x" => 4, "triangle-up" => 5, "triangle-down" => 6, "star" => 17, _ => 0 }, hollow);
    }

    private static Spot[] Ring(Spot at, double radius, int corners, double turn) => [.. Enumerable.Range(0, corners).Select(i => Turned(at, radius, (360.0 * i / corners) + turn))];

    private static Spot[] Star(Spot at, double outer, double inner, int points, double turn) =>
        [.. Enumerable.Range(0, 2 * points).Select(i => Turned(at, i % 2 == 0 ? outer : inner, (180.0 * i / points) + turn))];

    private static Spot[] Cross(Spot at, double radius, double turn)
    {
        var arm = radius * 0.36;
        (double X, double Y)[] corners =
        [
            (-arm, -radius), (arm, -radius), (arm, -arm), (radius, -arm), (radius, arm), (arm, arm),
            (arm, radius), (-arm, radius), (-arm, arm), (-radius, arm), (-radius, -arm), (-arm, -arm),
        ];
        var (sin, cos) = Math.SinCos(turn * Math.PI / 180);
        return [.. corners.Select(corner => new Spot(at.X + (corner.X * cos) - (corner.Y * sin), at.Y + (corner.X * sin) + (corner.Y * cos)))];
    }

    private static Spot Turned(Spot at, double radius, double degrees)
    {
        var (sin, cos) = Math.SinCos(degrees * Math.PI / 180);
        return new Spot(at.X + (radius * sin), at.Y - (radius * cos));
    }
}
