using Madtp.Kit.Data.Toy;

namespace Madtp.Kit.Data.Decoys;

/// <summary>How objects and glyphs are painted.</summary>
internal static class DecoyRenderer
{
    private const int CellSize = DecoyScene.Size / DecoyScene.CellsPerRow;
    private const double HalfSqrt2 = 0.7071067811865476;

    private static readonly int[] Ink = [24, 22, 28];

    /// <summary>A thing at a random place in its cell, in a tint of its own; upon a glyph's plate its sign. Both kinds have the
    /// same six colours, so that neither stands out by them.</summary>
    public static IEnumerable<Coat> Coats(Thing thing, SeededRandom random)
    {
        var (isObject, look) = (thing.Kind == ThingKind.Object, thing.Look);
        var reach = isObject ? look.IsLarge ? 10 : 6.5 : look.IsLarge ? 12 : 9.5; // an object's radius, half of a plate's side
        var play = Math.Max(0, (CellSize / 2) - (isObject ? reach * 1.15 : reach));
        var (left, top) = (thing.Cell % DecoyScene.CellsPerRow * CellSize, thing.Cell / DecoyScene.CellsPerRow * CellSize);
        var x = left + (CellSize / 2) + random.NextDouble(-play, play);
        var y = top + (CellSize / 2) + random.NextDouble(-play, play);
        var tilt = isObject ? random.NextDouble(-0.2, 0.2) : 0;
        var paint = ToyRenderer.Tinted(look.Color, random);
        yield return On(paint, thing.Class, isObject
            ? (dx, dy) => ToyRenderer.Outline(look.Form, dx, dy, reach, tilt, triangle: 0.58)
            : (dx, dy) => Math.Max(Math.Abs(dx), Math.Abs(dy)) - reach);
        if (!isObject)
        {
            yield return On(Ink, 0, (dx, dy) => Sign(look.Form, dx / reach, dy / reach) * reach);
        }

        Coat On(int[] color, int patchClass, Func<double, double, double> distance) => new(
            color, left..(left + CellSize), top..(top + CellSize), patchClass, (px, py) => distance(px - x, py - y));
    }

    // How far a point lies outside of a glyph's ink; the plate reaches from -1 to 1.
    private static double Sign(int form, double u, double v) => form switch
    {
        0 => Math.Abs(Math.Sqrt((u * u) + (v * v)) - 0.55) - 0.16,
        1 => Math.Max(Bars(u), Math.Abs(v) - 0.75),
        2 => Math.Max(Bars(v), Math.Abs(u) - 0.75),
        3 => Math.Max((Math.Abs(v - Math.Abs(u) + 0.4) * HalfSqrt2) - 0.17, Math.Abs(u) - 0.8),
        _ => Math.Max((Math.Min(Math.Abs(u - v), Math.Abs(u + v)) * HalfSqrt2) - 0.17,
            Math.Max(Math.Abs(u), Math.Abs(v)) - 0.75),
    };

    // Three parallel bars.
    private static double Bars(double at) => Math.Min(Math.Abs(at), Math.Abs(Math.Abs(at) - 0.58)) - 0.13;
}
