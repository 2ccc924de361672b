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
        for (var y = 0; y < ToyScene.Size; y++)
        {
            for (var x = 0; x < ToyScene.Size; x++)
            {
                PaintPixel(pixels.AsSpan(((y * ToyScene.Size) + x) * 3), x, y, scene, ground, paints, random.NextBits());
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

    private static void PaintPixel(
        Span<byte> pixel, int x, int y, ToyScene scene, GroundTexture ground, int[][] paints, ulong noise)
    {
        for (var channel = 0; channel < 3; channel++)
        {
            double value = ground.At(x, y, channel);
            for (var o = 0; o < paints.Length; o++)
            {
                var cover = Cover(scene.Objects[o], x, y);
                value += (paints[o][channel] - value) * cover;
            }

            var grain = (int)((noise >> (channel * 8)) & 0xFF) % 17 - 8; // fine noise, -8 to 8
            pixel[channel] = (byte)Math.Clamp((int)(value + grain + 0.5), 0, 255);
        }
    }

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

    private static int[] Jittered(byte[] paint, SeededRandom random) => [.. paint.Select(c => c + random.Next(31) - 15)];

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

        public int At(int x, int y, int channel) => tint[channel] + (IsMark(x + shiftX, y + shiftY) ? contrast : 0);

        private bool IsMark(int x, int y) => kind switch
        {
            ToyGround.Striped => (((2 * x) + (slant * y) + 1024) / period) % 2 == 0,
            ToyGround.Checked => ((x / period) + (y / period)) % 2 == 0,
            ToyGround.Dotted => (((x % period) - 2) * ((x % period) - 2)) + (((y % period) - 2) * ((y % period) - 2)) <= 3,
            _ => false,
        };
    }
}
