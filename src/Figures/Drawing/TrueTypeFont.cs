using System.Buffers.Binary;

namespace Madtp.Kit.Figures.Drawing;

/// <summary>The letters of a TrueType font as outlines.</summary>
internal sealed class TrueTypeFont
{
    private readonly byte[] file;
    private readonly Dictionary<string, int> tables = [];
    private readonly int unitsPerEm;
    private readonly bool longPlaces;
    private readonly int metrics;
    private readonly int map;
    private readonly Dictionary<int, IReadOnlyList<IReadOnlyList<Spot>>> shapes = [];

    private TrueTypeFont(byte[] file)
    {
        this.file = file;
        for (var i = 0; i < U16(4); i++)
        {
            var entry = 12 + (16 * i);
            tables[System.Text.Encoding.ASCII.GetString(file, entry, 4)] = (int)U32(entry + 8);
        }

        unitsPerEm = U16(tables["head"] + 18);
        longPlaces = U16(tables["head"] + 50) != 0;
        metrics = U16(tables["hhea"] + 34);
        map = FindMap();
    }

    /// <summary>The font in a file; null if it is not there or not of this kind.</summary>
    public static TrueTypeFont? TryLoad(string path)
    {
        try
        {
            return File.Exists(path) ? new TrueTypeFont(File.ReadAllBytes(path)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or IndexOutOfRangeException or ArgumentException or KeyNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The outlines of a text at a size, its baseline beginning at the origin, and its width.</summary>
    public (IReadOnlyList<IReadOnlyList<Spot>> Outlines, double Width) Text(string text, double size)
    {
        var scale = size / unitsPerEm;
        var outlines = new List<IReadOnlyList<Spot>>();
        double x = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var glyph = Glyph(rune.Value);
            outlines.AddRange(Shape(glyph, 0).Select(outline => (IReadOnlyList<Spot>)[.. outline.Select(spot => new Spot(x + (spot.X * scale), -spot.Y * scale))]));
            x += U16(tables["hmtx"] + (4 * Math.Min(glyph, metrics - 1))) * scale;
        }

        return (outlines, x);
    }

    private int U16(int at) => BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at));

    private int S16(int at) => BinaryPrimitives.ReadInt16BigEndian(file.AsSpan(at));

    private uint U32(int at) => BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));

    /// <summary>Where the table of characters begins that covers the basic plane.</summary>
    private int FindMap()
    {
        var start = tables["cmap"];
        for (var i = 0; i < U16(start + 2); i++)
        {
            var at = start + (int)U32(start + 4 + (8 * i) + 4);
            if (U16(at) == 4)
            {
                return at;
            }
        }

        throw new ArgumentException("the font has no table of characters of the usual kind");
    }

    private int Glyph(int character)
    {
        var segments = U16(map + 6) / 2;
        var (ends, starts) = (map + 14, map + 16 + (2 * segments));
        var (deltas, ranges) = (starts + (2 * segments), starts + (4 * segments));
        for (var i = 0; i < segments; i++)
        {
            if (character > U16(ends + (2 * i)))
            {
                continue;
            }

            if (character < U16(starts + (2 * i)))
            {
                return 0;
            }

            var range = U16(ranges + (2 * i));
            var glyph = range == 0 ? character : U16(ranges + (2 * i) + range + (2 * (character - U16(starts + (2 * i)))));
            return range != 0 && glyph == 0 ? 0 : (glyph + U16(deltas + (2 * i))) & 0xffff;
        }

        return 0;
    }

    /// <summary>A glyph's outlines in the font's own units.</summary>
    private IReadOnlyList<IReadOnlyList<Spot>> Shape(int glyph, int depth)
    {
        if (shapes.TryGetValue(glyph, out var known))
        {
            return known;
        }

        var (begin, end) = longPlaces
            ? ((int)U32(tables["loca"] + (4 * glyph)), (int)U32(tables["loca"] + (4 * glyph) + 4))
            : (2 * U16(tables["loca"] + (2 * glyph)), 2 * U16(tables["loca"] + (2 * glyph) + 2));
        var at = tables["glyf"] + begin;
        IReadOnlyList<IReadOnlyList<Spot>> shape = begin == end ? [] : S16(at) >= 0 ? Simple(at, S16(at)) : depth < 4 ? Composed(at + 10, depth) : [];
        shapes[glyph] = shape;
        return shape;
    }

    private List<IReadOnlyList<Spot>> Composed(int at, int depth)
    {
        var outlines = new List<IReadOnlyList<Spot>>();
        for (var more = true; more;)
        {
            var (flags, glyph) = (U16(at), U16(at + 2));
            var words = (flags & 1) != 0;
            var (x, y) = words ? (S16(at + 4), S16(at + 6)) : ((sbyte)file[at + 4], (sbyte)file[at + 5]);
            at += words ? 8 : 6;
            var (xx, yy) = (1.0, 1.0);
            if ((flags & 8) != 0)
            {
                xx = yy = S16(at) / 16384.0;
                at += 2;
            }
            else if ((flags & 0x40) != 0)
            {
                (xx, yy) = (S16(at) / 16384.0, S16(at + 2) / 16384.0);
                at += 4;
            }
            else if ((flags & 0x80) != 0)
            {
                (xx, yy) = (S16(at) / 16384.0, S16(at + 6) / 16384.0);
                at += 8;
            }

            outlines.AddRange(Shape(glyph, depth + 1).Select(outline => (IReadOnlyList<Spot>)[.. outline.Select(spot => new Spot((spot.X * xx) + x, (spot.Y * yy) + y))]));
            more = (flags & 0x20) != 0;
        }

        return outlines;
    }

    private List<IReadOnlyList<Spot>> Simple(int at, int contours)
    {
        var ends = Enumerable.Range(0, contours).Select(i => U16(at + 10 + (2 * i))).ToArray();
        var count = contours == 0 ? 0 : ends[^1] + 1;
        at += 10 + (2 * contours);
        at += 2 + U16(at);
        var flags = new byte[count];
        for (var i = 0; i < count; i++)
        {
            flags[i] = file[at++];
            if ((flags[i] & 8) != 0)
            {
                for (var repeat = file[at++]; repeat > 0 && i + 1 < count; repeat--)
                {
                    flags[i + 1] = flags[i];
                    i++;
                }
            }
        }

        var x = Coordinates(flags, 2, 16, ref at);
        var y = Coordinates(flags, 4, 32, ref at);
        var outlines = new List<IReadOnlyList<Spot>>();
        var first = 0;
        foreach (var last in ends)
        {
            outlines.Add(Curves([.. Enumerable.Range(first, last - first + 1).Select(i => (new Spot(x[i], y[i]), (flags[i] & 1) != 0))]));
            first = last + 1;
        }

        return outlines;
    }

    private int[] Coordinates(byte[] flags, int brief, int same, ref int at)
    {
        var values = new int[flags.Length];
        var value = 0;
        for (var i = 0; i < flags.Length; i++)
        {
            if ((flags[i] & brief) != 0)
            {
                value += (flags[i] & same) != 0 ? file[at] : -file[at];
                at++;
            }
            else if ((flags[i] & same) == 0)
            {
                value += S16(at);
                at += 2;
            }

            values[i] = value;
        }

        return values;
    }

    /// <summary>The contour's curves as short lines. Between two points off the curve lies one on it.</summary>
    private static List<Spot> Curves((Spot At, bool On)[] points)
    {
        var outline = new List<Spot>();
        if (points.Length < 2)
        {
            return outline;
        }

        var start = Array.FindIndex(points, point => point.On);
        var current = start >= 0 ? points[start].At : Middle(points[^1].At, points[0].At);
        outline.Add(current);
        for (var i = 1; i <= points.Length; i++)
        {
            var point = points[(Math.Max(start, 0) + i - (start < 0 ? 1 : 0)) % points.Length];
            if (point.On)
            {
                outline.Add(current = point.At);
                continue;
            }

            var next = points[(Math.Max(start, 0) + i + (start < 0 ? 0 : 1)) % points.Length];
            var end = next.On ? next.At : Middle(point.At, next.At);
            const int Steps = 6;
            for (var step = 1; step <= Steps; step++)
            {
                var t = step / (double)Steps;
                outline.Add(new Spot(Curve(current.X, point.At.X, end.X, t), Curve(current.Y, point.At.Y, end.Y, t)));
            }

            current = end;
        }

        return outline;
    }

    private static Spot Middle(Spot a, Spot b) => new((a.X + b.X) / 2, (a.Y + b.Y) / 2);

    private static double Curve(double from, double over, double to, double t) => ((1 - t) * (1 - t) * from) + (2 * t * (1 - t) * over) + (t * t * to);
}
