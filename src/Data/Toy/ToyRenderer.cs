namespace Madtp.Kit.Data.Toy;

/// <summary>Paints scenes. Only sums, products and square roots are used, so that every machine paints the same bytes.</summary>
public static class ToyRenderer
{
    private const double HalfSqrt3 = 0.8660254037844386;

    /// <summary>A patch belongs to the shape that covers most of it, if that is at least this many of its 64 pixels.</summary>
    private const double MinPatchCover = 12;

    private static readonly byte[][] Paint = [[214, 48, 44], [46, 160, 67], [43, 92, 214], [236, 200, 40], [142, 58, 182]];

    /// <summary>The picture: 64 × 64 pixels, three bytes (red, green, blue) each, row by row from the top.</summary>
    public static byte[] Render(ToyScene scene)
    {
        var random = new SeededRandom(scene.TextureSeed);
        var ground = new GroundTexture(scene.Ground, random);
        var paints = scene.Objects.Select(o => Jittered(Paint[(int)o.Color], random)).ToArray();
        var pixels = new byte[ToyScene.Size * ToyScene.Size * 3];
        Span<double> color = stackalloc double[3];
        for (var y = 0; y < ToyScene.Size; y++)
        {
            for (var x = 0; x < ToyScene.Size; x++)
            {
                ground.Begin(color, x, y);
                for (var o = 0; o < paints.Length; o++)
                {
                    Cover(color, paints[o], Cover(scene.Objects[o], x, y));
                }

                Write(color, random.NextBits(), pixels.AsSpan(((y * ToyScene.Size) + x) * 3, 3));
            }
        }

        return pixels;
    }

    /// <summary>What each patch shows, row by row: 0 the ground, else the class of the shape that covers most of it.
    /// <c>[64]</c></summary>
    public static byte[] PatchClasses(ToyScene scene)
    {
        const int perRow = ToyScene.Size / ToyScene.PatchSize;
        var cover = new double[scene.Objects.Count, ToyScene.Patches];
        for (var o = 0; o < scene.Objects.Count; o++)
        {
            for (var y = 0; y < ToyScene.Size; y++)
            {
                for (var x = 0; x < ToyScene.Size; x++)
                {
                    cover[o, (y / ToyScene.PatchSize * perRow) + (x / ToyScene.PatchSize)] += Cover(scene.Objects[o], x, y);
                }
            }
        }

        var classes = new byte[ToyScene.Patches];
        for (var patch = 0; patch < classes.Length; patch++)
        {
            var most = Enumerable.Range(0, scene.Objects.Count).MaxBy(o => cover[o, patch]);
            classes[patch] = cover[most, patch] >= MinPatchCover ? (byte)scene.Objects[most].Class : (byte)0;
        }

        return classes;
    }

    /// <summary>Lays paint over a pixel's colour, as much of it as is covered, 0 to 1.</summary>
    internal static void Cover(Span<double> color, int[] paint, double cover)
    {
        for (var channel = 0; cover > 0 && channel < 3; channel++)
        {
            color[channel] += (paint[channel] - color[channel]) * cover;
        }
    }

    /// <summary>A pixel's bytes: its colour with fine noise, -8 to 8.</summary>
    internal static void Write(ReadOnlySpan<double> color, ulong noise, Span<byte> pixel)
    {
        for (var channel = 0; channel < 3; channel++)
        {
            var grain = (int)((noise >> (channel * 8)) & 0xFF) % 17 - 8;
            pixel[channel] = (byte)Math.Clamp((int)(color[channel] + grain + 0.5), 0, 255);
        }
    }

    /// <summary>A paint in a tint of its own.</summary>
    internal static int[] Jittered(byte[] paint, SeededRandom random) => [.. paint.Select(c => c + random.Next(31) - 15)];

    /// <summary>How much of the pixel the shape covers, 0 to 1, from the distance of the pixel's centre to the outline.</summary>
    private static double Cover(ToyObject item, int x, int y)
    {
        var dx = x + 0.5 - item.X;
        var dy = y + 0.5 - item.Y;
        var reach = item.Radius * 1.3;
        if (dx > reach || dx < -reach || dy > reach || dy < -reach)
        {
            return 0;
        }

        var length = Math.Sqrt(1 + (item.Tilt * item.Tilt));
        var u = (dx + (item.Tilt * dy)) / length;
        var v = (dy - (item.Tilt * dx)) / length;
        var distance = item.Shape switch
        {
            ToyShape.Circle => Math.Sqrt((dx * dx) + (dy * dy)) - item.Radius,
            ToyShape.Square => Math.Max(Math.Abs(u), Math.Abs(v)) - (0.84 * item.Radius),
            _ => Math.Max(v, (HalfSqrt3 * Math.Abs(u)) - (v / 2)) - (0.6 * item.Radius),
        };
        return Math.Clamp(0.5 - distance, 0, 1);
    }

    /// <summary>A gray ground with a light tint and one of four faint patterns.</summary>
    internal sealed class GroundTexture
    {
        private readonly ToyGround kind;
        private readonly int[] tint;
        private readonly int contrast;
        private readonly int period;
        private readonly int shiftX;
        private readonly int shiftY;
        private readonly int slant;

        public GroundTexture(ToyGround kind, SeededRandom random)
        {
            this.kind = kind;
            var gray = 95 + random.Next(80);
            tint = [gray + random.Next(25) - 12, gray + random.Next(25) - 12, gray + random.Next(25) - 12];
            contrast = 14 + random.Next(12);
            period = 6 + random.Next(5);
            shiftX = random.Next(period);
            shiftY = random.Next(period);
            slant = random.Next(5) - 2;
        }

        /// <summary>The ground's colour at a pixel.</summary>
        public void Begin(Span<double> color, int x, int y)
        {
            var mark = IsMark(x + shiftX, y + shiftY) ? contrast : 0;
            (color[0], color[1], color[2]) = (tint[0] + mark, tint[1] + mark, tint[2] + mark);
        }

        private bool IsMark(int x, int y) => kind switch
        {
            ToyGround.Striped => (((2 * x) + (slant * y) + 1024) / period) % 2 == 0,
            ToyGround.Checked => ((x / period) + (y / period)) % 2 == 0,
            ToyGround.Dotted => (((x % period) - 2) * ((x % period) - 2)) + (((y % period) - 2) * ((y % period) - 2)) <= 3,
            _ => false,
        };
    }
}
