namespace Madtp.Kit.Data.Toy;

/// <summary>Draws random scenes: one to three shapes that do not touch, on a random ground.</summary>
public static class ToySceneGenerator
{
    private const int MaxObjects = 3;
    private const double MinRadius = 7;
    private const double MaxRadius = 10.5;
    private const double Margin = 2;

    // Corners reach further than the radius; two shapes never touch when their centres keep this many radii apart.
    private const double Reach = 1.2;

    /// <summary>A scene in which some kinds of shapes appear more often than by chance.</summary>
    /// <param name="random">Where the choices come from.</param>
    /// <param name="favoured">Descriptions of which each new shape fits one with <paramref name="probability"/>; may be empty.</param>
    /// <param name="probability">How often a shape is drawn from <paramref name="favoured"/>, from 0 to 1.</param>
    public static ToyScene Draw(SeededRandom random, ReadOnlySpan<ToyDescription> favoured = default, double probability = 0)
    {
        ArgumentNullException.ThrowIfNull(random);
        var count = 1 + random.Next(MaxObjects);
        var objects = new List<ToyObject>(count);
        while (objects.Count < count)
        {
            if (Place(random, objects) is not var (x, y, radius))
            {
                objects.Clear(); // no room was left: begin again
                continue;
            }

            var wanted = !favoured.IsEmpty && random.Chance(probability) ? random.Pick(favoured) : new ToyDescription(null, null);
            objects.Add(new ToyObject(
                wanted.Shape ?? (ToyShape)random.Next(3),
                wanted.Color ?? (ToyColor)random.Next(5),
                x,
                y,
                radius,
                random.NextDouble(-0.3, 0.3)));
        }

        return new ToyScene(objects, (ToyGround)random.Next(4), random.NextBits());
    }

    private static (double X, double Y, double Radius)? Place(SeededRandom random, List<ToyObject> others)
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var radius = random.NextDouble(MinRadius, MaxRadius);
            var edge = (radius * Reach) + Margin;
            var x = random.NextDouble(edge, ToyScene.Size - edge);
            var y = random.NextDouble(edge, ToyScene.Size - edge);
            if (others.TrueForAll(o => Squared(o.X - x) + Squared(o.Y - y) > Squared(((o.Radius + radius) * Reach) + 1)))
            {
                return (x, y, radius);
            }
        }

        return null;
    }

    private static double Squared(double value) => value * value;
}
