using Madtp.Kit.Data.Toy;

namespace Madtp.Kit.Data.Decoys;

/// <summary>Paints scenes of objects and glyphs. Only sums, products and square roots are used, so that every machine paints the
/// same bytes.</summary>
public static class DecoyRenderer
{
    private const int CellSize = DecoyScene.Size / DecoyScene.CellsPerRow;
    private const double HalfSqrt3 = 0.8660254037844386;
    private const double HalfSqrt2 = 0.7071067811865476;

    /// <summary>A patch belongs to the thing in its cell if that covers at least this many of its 64 pixels.</summary>
    private const double MinPatchCover = 12;

    // Both kinds are painted with the same six colours, so that neither stands out by them.
    private static readonly byte[][] Paint =
        [[214, 48, 44], [46, 160, 67], [43, 92, 214], [236, 200, 40], [142, 58, 182], [64, 200, 210]];

    private static readonly int[] Ink = [24, 22, 28];

    /// <summary>The picture: 96 × 96 pixels, three bytes (red, green, blue) each, row by row from the top.</summary>
    public static byte[] Render(DecoyScene scene)
    {
        var pixels = new byte[DecoyScene.Size * DecoyScene.Size * 3];
        Draw(scene, pixels, default);
        return pixels;
    }

    /// <summary>What each patch shows, row by row: 0 the ground, else <see cref="Thing.Class"/>. <c>[144]</c></summary>
    public static byte[] PatchClasses(DecoyScene scene)
    {
        var classes = new byte[DecoyScene.Patches];
        Draw(scene, default, classes);
        return classes;
    }

    /// <summary>Both at once; an empty span is left out.</summary>
    internal static void Draw(DecoyScene scene, Span<byte> pixels, Span<byte> classes)
    {
        const int perRow = DecoyScene.Size / DecoyScene.PatchSize;
        var random = new SeededRandom(scene.TextureSeed);
        var ground = new ToyRenderer.GroundTexture(scene.Ground, random);
        var byCell = new Placed?[DecoyScene.CellsPerRow * DecoyScene.CellsPerRow];
        foreach (var thing in scene.Things)
        {
            byCell[thing.Cell] = new Placed(thing, random);
        }

        Span<double> color = stackalloc double[3];
        Span<double> cover = stackalloc double[classes.IsEmpty ? 0 : DecoyScene.Patches];
        for (var y = 0; y < DecoyScene.Size; y++)
        {
            for (var x = 0; x < DecoyScene.Size; x++)
            {
                var placed = byCell[(y / CellSize * DecoyScene.CellsPerRow) + (x / CellSize)];
                var body = placed?.Body(x, y) ?? 0;
                if (!classes.IsEmpty)
                {
                    cover[(y / DecoyScene.PatchSize * perRow) + (x / DecoyScene.PatchSize)] += body;
                }

                if (!pixels.IsEmpty)
                {
                    ground.Begin(color, x, y);
                    if (body > 0)
                    {
                        ToyRenderer.Cover(color, placed!.Paint, body);
                        ToyRenderer.Cover(color, Ink, placed.Sign(x, y));
                    }

                    ToyRenderer.Write(color, random.NextBits(), pixels.Slice(((y * DecoyScene.Size) + x) * 3, 3));
                }
            }
        }

        for (var patch = 0; patch < classes.Length; patch++)
        {
            var cell = (patch / perRow / 3 * DecoyScene.CellsPerRow) + (patch % perRow / 3);
            classes[patch] = byCell[cell] is { } placed && cover[patch] >= MinPatchCover ? (byte)placed.Thing.Class : (byte)0;
        }
    }

    /// <summary>A thing at its place in its cell, in its tint.</summary>
    private sealed class Placed
    {
        private const double LargeObject = 10;
        private const double SmallObject = 6.5;
        private const double LargePlate = 12;
        private const double SmallPlate = 9.5;

        private readonly double centreX;
        private readonly double centreY;
        private readonly double reach; // an object's radius, half of a plate's side
        private readonly double tilt; // the tangent of the angle by which it is turned

        public Placed(Thing thing, SeededRandom random)
        {
            Thing = thing;
            var isObject = thing.Kind == ThingKind.Object;
            reach = isObject ? thing.Look.IsLarge ? LargeObject : SmallObject : thing.Look.IsLarge ? LargePlate : SmallPlate;
            var play = Math.Max(0, (CellSize / 2) - (isObject ? reach * 1.15 : reach));
            centreX = (thing.Cell % DecoyScene.CellsPerRow * CellSize) + (CellSize / 2) + random.NextDouble(-play, play);
            centreY = (thing.Cell / DecoyScene.CellsPerRow * CellSize) + (CellSize / 2) + random.NextDouble(-play, play);
            tilt = isObject ? random.NextDouble(-0.2, 0.2) : 0;
            Paint = ToyRenderer.Jittered(DecoyRenderer.Paint[thing.Look.Color], random);
        }

        public Thing Thing { get; }

        public int[] Paint { get; }

        /// <summary>How much of the pixel the thing covers, 0 to 1, from its centre's distance to the outline.</summary>
        public double Body(int x, int y)
        {
            var (dx, dy) = (x + 0.5 - centreX, y + 0.5 - centreY);
            return Math.Clamp(0.5 - (Thing.Kind == ThingKind.Glyph ? Math.Max(Math.Abs(dx), Math.Abs(dy)) - reach
                : Outline(dx, dy)), 0, 1);
        }

        /// <summary>How much of the pixel a glyph's ink covers, 0 to 1.</summary>
        public double Sign(int x, int y)
        {
            if (Thing.Kind == ThingKind.Object)
            {
                return 0;
            }

            var (u, v) = ((x + 0.5 - centreX) / reach, (y + 0.5 - centreY) / reach);
            var distance = Thing.Look.Form switch
            {
                0 => Math.Abs(Math.Sqrt((u * u) + (v * v)) - 0.55) - 0.16,
                1 => Math.Max(Bars(u), Math.Abs(v) - 0.75),
                2 => Math.Max(Bars(v), Math.Abs(u) - 0.75),
                3 => Math.Max((Math.Abs(v - Math.Abs(u) + 0.4) * HalfSqrt2) - 0.17, Math.Abs(u) - 0.8),
                _ => Math.Max((Math.Min(Math.Abs(u - v), Math.Abs(u + v)) * HalfSqrt2) - 0.17,
                    Math.Max(Math.Abs(u), Math.Abs(v)) - 0.75),
            };
            return Math.Clamp(0.5 - (distance * reach), 0, 1);
        }

        // Three parallel bars.
        private static double Bars(double at) => Math.Min(Math.Abs(at), Math.Abs(Math.Abs(at) - 0.58)) - 0.13;

        private double Outline(double dx, double dy)
        {
            var length = Math.Sqrt(1 + (tilt * tilt));
            var u = Math.Abs((dx + (tilt * dy)) / length);
            var v = (dy - (tilt * dx)) / length;
            return Thing.Look.Form switch
            {
                0 => Math.Sqrt((dx * dx) + (dy * dy)) - reach,
                1 => Math.Max(u, Math.Abs(v)) - (0.84 * reach),
                2 => Math.Max(v, (HalfSqrt3 * u) - (v / 2)) - (0.58 * reach),
                3 => (((1.5 * u) + Math.Abs(v)) / 1.8) - (0.62 * reach),
                _ => Math.Max(Math.Min(u, Math.Abs(v)) - (0.32 * reach), Math.Max(u, Math.Abs(v)) - reach),
            };
        }
    }
}
