namespace Madtp.Kit.Figures.Drawing;

/// <summary>Circles, rounded rectangles and lines of some width as closed outlines.</summary>
internal static class Outlines
{
    public static IReadOnlyList<Spot> Circle(Spot center, double radius)
    {
        var corners = Math.Clamp((int)(radius * 4), 12, 96);
        return [.. Enumerable.Range(0, corners).Select(i => Around(center, radius, 2 * Math.PI * i / corners))];
    }

    public static IReadOnlyList<Spot> Rectangle(Box box, double round)
    {
        round = Math.Min(round, Math.Min(box.Width, box.Height) / 2);
        if (round <= 0)
        {
            return [new(box.X, box.Y), new(box.Right, box.Y), new(box.Right, box.Bottom), new(box.X, box.Bottom)];
        }

        Spot[] centers = [new(box.Right - round, box.Bottom - round), new(box.X + round, box.Bottom - round), new(box.X + round, box.Y + round), new(box.Right - round, box.Y + round)];
        return [.. centers.SelectMany((center, corner) => Enumerable.Range(0, 7).Select(i => Around(center, round, (Math.PI / 2) * (corner + (i / 6.0)))))];
    }

    /// <summary>A line through points with round ends and corners, dashed or not.</summary>
    public static IReadOnlyList<IReadOnlyList<Spot>> Line(IReadOnlyList<Spot> spots, Pen pen, bool closed)
    {
        var path = closed ? [.. spots, spots[0]] : spots;
        var pieces = pen.Dash is null ? [path] : Dashes(path, pen.Dash);
        return [.. pieces.SelectMany(piece => Stroke(piece, pen.Width))];
    }

    private static IEnumerable<IReadOnlyList<Spot>> Stroke(IReadOnlyList<Spot> path, double width)
    {
        var half = width / 2;
        for (var i = 0; i + 1 < path.Count; i++)
        {
            var (a, b) = (path[i], path[i + 1]);
            var length = Math.Sqrt(((b.X - a.X) * (b.X - a.X)) + ((b.Y - a.Y) * (b.Y - a.Y)));
            if (length > 0)
            {
                var (x, y) = ((b.Y - a.Y) / length * half, -(b.X - a.X) / length * half);
                yield return [new(a.X - x, a.Y - y), new(a.X + x, a.Y + y), new(b.X + x, b.Y + y), new(b.X - x, b.Y - y)];
            }
        }

        // Thin lines that lie straight look sharper with their ends cut off.
        if (width > 1.1)
        {
            foreach (var spot in path)
            {
                yield return Circle(spot, half);
            }
        }
    }

    private static List<IReadOnlyList<Spot>> Dashes(IReadOnlyList<Spot> path, IReadOnlyList<double> lengths)
    {
        var dashes = new List<IReadOnlyList<Spot>>();
        var (part, left, dash) = (0, lengths[0], new List<Spot> { path[0] });
        for (var i = 0; i + 1 < path.Count; i++)
        {
            var (a, b) = (path[i], path[i + 1]);
            var length = Math.Sqrt(((b.X - a.X) * (b.X - a.X)) + ((b.Y - a.Y) * (b.Y - a.Y)));
            double at = 0;
            while (length - at > left)
            {
                at += left;
                var spot = new Spot(a.X + ((b.X - a.X) * at / length), a.Y + ((b.Y - a.Y) * at / length));
                if (part % 2 == 0)
                {
                    dashes.Add([.. dash, spot]);
                }

                part++;
                left = Math.Max(0.05, lengths[part % lengths.Count]);
                dash = [spot];
            }

            left -= length - at;
            dash.Add(b);
        }

        if (part % 2 == 0 && dash.Count > 1)
        {
            dashes.Add(dash);
        }

        return dashes;
    }

    private static Spot Around(Spot center, double radius, double angle)
    {
        var (sin, cos) = Math.SinCos(angle);
        return new Spot(center.X + (radius * cos), center.Y + (radius * sin));
    }
}
