namespace Madtp.Kit.Data.Toy;

/// <summary>What lies behind the things: a gray ground with fine noise and, mostly, slanted stripes, a checkerboard, or dots on a
/// grid.</summary>
public enum ToyGround { Plain, Striped, Checked, Dotted }

/// <summary>A picture that can be painted: things on a gray ground with a faint pattern and fine noise.</summary>
/// <param name="TextureSeed">Fixes tints, the pattern's place, the noise, and places that the scene leaves open.</param>
public abstract record DrawnScene(IReadOnlyList<Thing> Things, ToyGround Ground, ulong TextureSeed)
{
    internal static readonly string[] Grounds = [.. Enum.GetNames<ToyGround>().Select(name => name.ToLowerInvariant())];


    /// <summary>Width and height of a patch in pixels.</summary>
    public const int PatchSize = 8;

    /// <summary>Width and height in pixels.</summary>
    internal abstract int Side { get; }

    internal int PatchCount => Side / PatchSize * (Side / PatchSize);

    /// <summary>The ground in a word: "striped".</summary>
    internal string GroundWord => Grounds[(int)Ground];

    /// <summary>How many things the words fit.</summary>
    public int Count(ThingWords words) => words.Count(Things);

    /// <summary>Whether they fit any.</summary>
    public bool Has(ThingWords words) => Count(words) > 0;

    /// <summary>What is painted over the ground, one coat after the other.</summary>
    internal abstract IEnumerable<Coat> Coats(SeededRandom random);
}

/// <summary>Paint on the pixels of some columns and rows.</summary>
/// <param name="Class">The patch class of the thing that is painted; 0 for what is painted upon a thing.</param>
/// <param name="Distance">How far a point lies outside of the painted outline, in pixels; negative within.</param>
internal sealed record Coat(int[] Paint, Range Columns, Range Rows, int Class, Func<double, double, double> Distance);

/// <summary>Paints scenes. Only sums, products and square roots are used, so that every machine paints the same bytes.</summary>
public static class ToyRenderer
{
    private const double HalfSqrt3 = 0.8660254037844386;

    /// <summary>A patch belongs to the thing that covers most of it, if that is at least this many of its 64 pixels.</summary>
    private const double MinPatchCover = 12;

    private static readonly byte[][] Paints =
        [[214, 48, 44], [46, 160, 67], [43, 92, 214], [236, 200, 40], [142, 58, 182], [64, 200, 210]];

    /// <summary>The picture: red, green and blue of every pixel, row by row from the top. <c>[H, W, 3]</c></summary>
    public static byte[] Render(DrawnScene scene) => Paint([scene]).Pixels;

    /// <summary>What each patch shows, row by row: 0 the ground, else the class of the thing that covers most of it.
    /// <c>[patches]</c></summary>
    public static byte[] PatchClasses(DrawnScene scene) => Paint([scene]).Patches;

    /// <summary>The pixels of scenes of one size, <c>[I, H, W, 3]</c>, and what each patch of them shows,
    /// <c>[I, patches]</c>.</summary>
    internal static (byte[] Pixels, byte[] Patches) Paint(IReadOnlyList<DrawnScene> scenes)
    {
        var (bytes, patches) = (scenes[0].Side * scenes[0].Side * 3, scenes[0].PatchCount);
        var (pixels, classes) = (new byte[(long)scenes.Count * bytes], new byte[scenes.Count * patches]);
        Parallel.For(0, scenes.Count, i =>
            Draw(scenes[i], pixels.AsSpan(i * bytes, bytes), classes.AsSpan(i * patches, patches)));
        return (pixels, classes);
    }

    /// <summary>One of the six paints in a tint of its own.</summary>
    internal static int[] Tinted(int color, SeededRandom random) => [.. Paints[color].Select(c => c + random.Next(31) - 15)];

    /// <summary>How far a point lies outside of a circle, square, triangle, diamond or cross about the origin.</summary>
    /// <param name="tilt">The tangent of the angle by which all but circles are turned.</param>
    /// <param name="triangle">How far a triangle's sides are from its middle.</param>
    internal static double Outline(int form, double dx, double dy, double reach, double tilt, double triangle)
    {
        var length = Math.Sqrt(1 + (tilt * tilt));
        var u = Math.Abs((dx + (tilt * dy)) / length);
        var v = (dy - (tilt * dx)) / length;
        return form switch
        {
            0 => Math.Sqrt((dx * dx) + (dy * dy)) - reach,
            1 => Math.Max(u, Math.Abs(v)) - (0.84 * reach),
            2 => Math.Max(v, (HalfSqrt3 * u) - (v / 2)) - (triangle * reach),
            3 => (((1.5 * u) + Math.Abs(v)) / 1.8) - (0.62 * reach),
            _ => Math.Max(Math.Min(u, Math.Abs(v)) - (0.32 * reach), Math.Max(u, Math.Abs(v)) - reach),
        };
    }

    private static void Draw(DrawnScene scene, Span<byte> pixels, Span<byte> classes)
    {
        const int patchSize = DrawnScene.PatchSize;
        var perRow = scene.Side / patchSize;
        var random = new SeededRandom(scene.TextureSeed);
        var ground = GroundTexture.Draw(scene.Ground, random);
        Coat[] coats = [.. scene.Coats(random)];
        var cover = new double[coats.Length, scene.PatchCount];
        Span<double> row = stackalloc double[scene.Side * 3];
        for (var y = 0; y < scene.Side; y++)
        {
            ground.Begin(row, y);
            for (var c = 0; c < coats.Length; c++)
            {
                var ((from, to), (top, bottom)) = (Ends(coats[c].Columns), Ends(coats[c].Rows));
                for (var x = from; x < to && y >= top && y < bottom; x++)
                {
                    var share = Math.Min(0.5 - coats[c].Distance(x + 0.5, y + 0.5), 1);
                    if (share > 0)
                    {
                        cover[c, (y / patchSize * perRow) + (x / patchSize)] += share;
                        Cover(row.Slice(x * 3, 3), coats[c].Paint, share);
                    }
                }
            }

            for (var x = 0; x < scene.Side; x++)
                Write(row.Slice(x * 3, 3), random.NextBits(), pixels.Slice(((y * scene.Side) + x) * 3, 3));
        }

        int[] things = [.. Enumerable.Range(0, coats.Length).Where(c => coats[c].Class > 0)];
        for (var patch = 0; patch < classes.Length && things.Length > 0; patch++)
        {
            var most = things.MaxBy(c => cover[c, patch]);
            classes[patch] = cover[most, patch] >= MinPatchCover ? (byte)coats[most].Class : (byte)0;
        }
    }

    private static (int From, int To) Ends(Range range) => (range.Start.Value, range.End.Value);

    // Lays paint over a pixel's colour, as much of it as is covered, 0 to 1.
    private static void Cover(Span<double> color, int[] paint, double cover)
    {
        for (var channel = 0; channel < 3; channel++)
            color[channel] += (paint[channel] - color[channel]) * cover;
    }

    // A pixel's bytes: its colour with fine noise, -8 to 8.
    private static void Write(ReadOnlySpan<double> color, ulong noise, Span<byte> pixel)
    {
        for (var channel = 0; channel < 3; channel++)
        {
            var grain = (int)((noise >> (channel * 8)) & 0xFF) % 17 - 8;
            pixel[channel] = (byte)Math.Clamp((int)(color[channel] + grain + 0.5), 0, 255);
        }
    }

    /// <summary>A gray ground with a light tint and one of four faint patterns.</summary>
    private sealed record GroundTexture(
        ToyGround Kind, int[] Tint, int Contrast, int Period, int ShiftX, int ShiftY, int Slant)
    {
        public static GroundTexture Draw(ToyGround kind, SeededRandom random)
        {
            var gray = 95 + random.Next(80);
            int[] tint = [gray + random.Next(25) - 12, gray + random.Next(25) - 12, gray + random.Next(25) - 12];
            var (contrast, period) = (14 + random.Next(12), 6 + random.Next(5));
            return new(kind, tint, contrast, period, random.Next(period), random.Next(period), random.Next(5) - 2);
        }

        /// <summary>The ground's colours in a row of pixels.</summary>
        public void Begin(Span<double> row, int y)
        {
            for (var x = 0; x < row.Length / 3; x++)
            {
                var mark = IsMark(x + ShiftX, y + ShiftY) ? Contrast : 0;
                (row[3 * x], row[(3 * x) + 1], row[(3 * x) + 2]) = (Tint[0] + mark, Tint[1] + mark, Tint[2] + mark);
            }
        }

        private bool IsMark(int x, int y) => Kind switch
        {
            ToyGround.Striped => (((2 * x) + (Slant * y) + 1024) / Period) % 2 == 0,
            ToyGround.Checked => ((x / Period) + (y / Period)) % 2 == 0,
            ToyGround.Dotted => (((x % Period) - 2) * ((x % Period) - 2)) + (((y % Period) - 2) * ((y % Period) - 2)) <= 3,
            _ => false,
        };
    }
}
