namespace Madtp.Kit.Figures.Drawing;

/// <summary>
/// How much of each pixel a shape covers, exactly: every edge adds the area to its right within its row, and a running sum along the row
/// gives the cover. Outlines that go round twice count once.
/// </summary>
internal sealed class Coverage
{
    private readonly int left;
    private readonly int top;
    private readonly float[] areas;

    /// <param name="outlines">Closed outlines, in pixels.</param>
    /// <param name="bounds">Whole pixels outside of which nothing is drawn.</param>
    public Coverage(IReadOnlyList<IReadOnlyList<Spot>> outlines, Box bounds)
    {
        var inside = outlines.Select(outline => Clip(outline, bounds)).Where(outline => outline.Count > 2).ToArray();
        if (inside.Length == 0)
        {
            areas = [];
            return;
        }

        left = (int)Math.Floor(inside.Min(outline => outline.Min(spot => spot.X)));
        top = (int)Math.Floor(inside.Min(outline => outline.Min(spot => spot.Y)));
        Width = (int)Math.Ceiling(inside.Max(outline => outline.Max(spot => spot.X))) - left;
        Height = (int)Math.Ceiling(inside.Max(outline => outline.Max(spot => spot.Y))) - top;
        areas = new float[(Width + 2) * Height];
        foreach (var outline in inside)
        {
            for (var i = 0; i < outline.Count; i++)
            {
                Edge(outline[i], outline[(i + 1) % outline.Count]);
            }
        }
    }

    private int Width { get; }

    private int Height { get; }

    /// <summary>Calls back for each pixel that is covered, with its cover from 0 to 1.</summary>
    public void Each(Action<int, int, float> pixel)
    {
        for (var y = 0; y < Height; y++)
        {
            float sum = 0;
            for (var x = 0; x < Width; x++)
            {
                sum += areas[(y * (Width + 2)) + x];
                var cover = Math.Min(1, Math.Abs(sum));
                if (cover > 0.002f)
                {
                    pixel(left + x, top + y, cover);
                }
            }
        }
    }

    private void Edge(Spot from, Spot to)
    {
        if (from.Y == to.Y)
        {
            return;
        }

        var down = from.Y < to.Y;
        var (high, low) = down ? (from, to) : (to, from);
        var slope = (low.X - high.X) / (low.Y - high.Y);
        for (var row = Math.Max(0, (int)Math.Floor(high.Y) - top); row < Math.Min(Height, (int)Math.Ceiling(low.Y) - top); row++)
        {
            var (begin, end) = (Math.Max(row + top, high.Y), Math.Min(row + top + 1, low.Y));
            var (x1, x2) = (high.X + ((begin - high.Y) * slope) - left, high.X + ((end - high.Y) * slope) - left);
            Span(row * (Width + 2), Math.Clamp(Math.Min(x1, x2), 0, Width), Math.Clamp(Math.Max(x1, x2), 0, Width), (end - begin) * (down ? 1 : -1));
        }
    }

    /// <summary>An edge's part within one row, from one place to another, that is so high (negative if it runs upwards).</summary>
    private void Span(int row, double from, double to, double height)
    {
        var (first, last) = ((int)from, (int)to);
        if (first == last || to - from < 1e-9)
        {
            Add(row, first, height, 1 - (((from + to) / 2) - first));
            return;
        }

        var perPixel = height / (to - from);
        for (var x = first; x <= last; x++)
        {
            var (begin, end) = (Math.Max(x, from), Math.Min(x + 1, to));
            if (end > begin)
            {
                Add(row, x, perPixel * (end - begin), 1 - (((begin + end) / 2) - x));
            }
        }
    }

    /// <summary>Of a height, a share falls into its own pixel and the rest into the next: from there on it counts whole.</summary>
    private void Add(int row, int x, double height, double share)
    {
        areas[row + x] += (float)(height * share);
        areas[row + x + 1] += (float)(height * (1 - share));
    }

    /// <summary>The outline's part inside a rectangle, cut at one side after the other.</summary>
    private static IReadOnlyList<Spot> Clip(IReadOnlyList<Spot> outline, Box box)
    {
        outline = Cut(outline, spot => spot.X - box.X);
        outline = Cut(outline, spot => box.Right - spot.X);
        outline = Cut(outline, spot => spot.Y - box.Y);
        return Cut(outline, spot => box.Bottom - spot.Y);
    }

    private static List<Spot> Cut(IReadOnlyList<Spot> outline, Func<Spot, double> inside)
    {
        var kept = new List<Spot>();
        for (var i = 0; i < outline.Count; i++)
        {
            var (a, b) = (outline[i], outline[(i + 1) % outline.Count]);
            var (before, after) = (inside(a), inside(b));
            if (before >= 0)
            {
                kept.Add(a);
            }

            if ((before < 0) != (after < 0))
            {
                var share = before / (before - after);
                kept.Add(new Spot(a.X + ((b.X - a.X) * share), a.Y + ((b.Y - a.Y) * share)));
            }
        }

        return kept;
    }
}
