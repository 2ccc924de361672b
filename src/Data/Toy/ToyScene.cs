namespace Madtp.Kit.Data.Toy;

/// <summary>The three shapes of the toy world: discs, and squares and equilateral triangles that are turned a little.</summary>
public enum ToyShape { Circle, Square, Triangle }

/// <summary>The five colours of the toy world's shapes.</summary>
public enum ToyColor { Red, Green, Blue, Yellow, Purple }

/// <summary>What lies behind the shapes: a gray ground with fine noise and, mostly, slanted stripes, a checkerboard, or dots on a
/// grid.</summary>
public enum ToyGround { Plain, Striped, Checked, Dotted }

/// <summary>The toy world's words.</summary>
public static class ToyWords
{
    /// <summary>A colour, a shape (singular) or a ground in words.</summary>
    public static string Of<T>(T thing) where T : struct, Enum => thing.ToString().ToLowerInvariant();

    /// <summary>All colours, shapes or grounds.</summary>
    public static string[] All<T>() where T : struct, Enum => [.. Enum.GetValues<T>().Select(thing => Of(thing))];
}

/// <summary>One shape of a scene. Lengths are in pixels, y grows downwards.</summary>
/// <param name="X">Its centre, from the left edge.</param>
/// <param name="Y">Its centre, from the top edge.</param>
/// <param name="Radius">Its size: a circle's radius; squares and triangles are scaled to look as large.</param>
/// <param name="Tilt">The tangent of the angle by which it is turned.</param>
public sealed record ToyObject(ToyShape Shape, ToyColor Color, double X, double Y, double Radius, double Tilt)
{
    /// <summary>Kinds of patch: the ground and 5 colours × 3 shapes.</summary>
    public const int Classes = 16;

    /// <summary>The patch class of this object: 1 to 15; 0 is the ground.</summary>
    public int Class => 1 + ((int)Color * 3) + (int)Shape;

    /// <summary>A patch class, 0 to 15, in words: "ground", "red circle", ….</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public static string ClassName(int patchClass)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(patchClass);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(patchClass, Classes);
        return patchClass == 0 ? "ground"
            : $"{ToyWords.Of((ToyColor)((patchClass - 1) / 3))} {ToyWords.Of((ToyShape)((patchClass - 1) % 3))}";
    }
}

/// <summary>Words that pick out shapes: "red circle", "red shape" or "circle".</summary>
public sealed record ToyDescription(ToyColor? Color, ToyShape? Shape)
{
    /// <summary>The full description of an object.</summary>
    public static ToyDescription Of(ToyObject item) => new(item.Color, item.Shape);

    /// <summary>Whether the object is what the words say.</summary>
    public bool Fits(ToyObject item) => (Color is null || Color == item.Color) && (Shape is null || Shape == item.Shape);

    /// <summary>The words without an article.</summary>
    public override string ToString() => (Color, Shape) switch
    {
        ({ } color, { } shape) => $"{ToyWords.Of(color)} {ToyWords.Of(shape)}",
        ({ } color, null) => $"{ToyWords.Of(color)} shape",
        (null, { } shape) => ToyWords.Of(shape),
        _ => "shape",
    };

    /// <summary>Mostly colour and shape; sometimes the colour alone.</summary>
    internal static ToyDescription Draw(SeededRandom random)
        => new((ToyColor)random.Next(5), random.Next(10) < 9 ? (ToyShape)random.Next(3) : null);

    /// <summary>Only a colour, or only a shape.</summary>
    internal static ToyDescription DrawHalf(SeededRandom random)
        => random.Chance(0.5) ? new((ToyColor)random.Next(5), null) : new(null, (ToyShape)random.Next(3));

    /// <summary>The same form of words with another colour, another shape, or (mostly) both; each way round equally likely. Where
    /// both differ the answer is easy to see, which is what a model begins to learn from; where one differs it must look
    /// closely.</summary>
    internal ToyDescription Change(SeededRandom random)
    {
        var choice = random.Next(5);
        var color = Color is { } c && (choice != 0 || Shape is null) ? (ToyColor)(((int)c + 1 + random.Next(4)) % 5) : Color;
        var shape = Shape is { } s && (choice != 1 || Color is null) ? (ToyShape)(((int)s + 1 + random.Next(2)) % 3) : Shape;
        return new ToyDescription(color, shape);
    }
}

/// <summary>All that is needed to draw one picture: one to three shapes on a ground.</summary>
/// <param name="Objects">The shapes; none overlaps another.</param>
public sealed record ToyScene(IReadOnlyList<ToyObject> Objects, ToyGround Ground, ulong TextureSeed)
    : DrawnScene(Ground, TextureSeed)
{
    public const int Size = 64; // pixels

    public const int Patches = Size / PatchSize * (Size / PatchSize);

    private const int MaxObjects = 3;
    private const double MinRadius = 7;
    private const double MaxRadius = 10.5;
    private const double Margin = 2;

    // Corners reach further than the radius; two shapes never touch when their centres keep this many radii apart.
    private const double Reach = 1.2;

    internal override int Side => Size;

    /// <summary>How many shapes fit the description.</summary>
    public int Count(ToyDescription description) => Objects.Count(description.Fits);

    /// <summary>Whether a shape fits the description.</summary>
    public bool Has(ToyDescription description) => Objects.Any(description.Fits);

    /// <summary>A random scene: one to three shapes that do not touch, on a random ground.</summary>
    /// <param name="favoured">Descriptions of which each new shape fits one with <paramref name="probability"/>.</param>
    /// <param name="probability">How often a shape is drawn from <paramref name="favoured"/>, from 0 to 1.</param>
    public static ToyScene Draw(SeededRandom random, ReadOnlySpan<ToyDescription> favoured = default, double probability = 0)
    {
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
            var shape = wanted.Shape ?? (ToyShape)random.Next(3);
            var color = wanted.Color ?? (ToyColor)random.Next(5);
            objects.Add(new ToyObject(shape, color, x, y, radius, random.NextDouble(-0.3, 0.3)));
        }

        return new ToyScene(objects, (ToyGround)random.Next(4), random.NextBits());
    }

    internal override IEnumerable<Coat> Coats(SeededRandom random) => Objects.Select(item => new Coat(
        ToyRenderer.Tinted((int)item.Color, random), Near(item.X, item.Radius), Near(item.Y, item.Radius), item.Class,
        (x, y) => ToyRenderer.Outline((int)item.Shape, x - item.X, y - item.Y, item.Radius, item.Tilt, triangle: 0.6)));

    // The pixels whose middle is near enough to a shape's for it to reach them.
    private static Range Near(double middle, double radius) => Math.Max(0, (int)Math.Ceiling(middle - (1.3 * radius) - 0.5))
        ..Math.Min(Size, (int)Math.Floor(middle + (1.3 * radius) - 0.5) + 1);

    private static (double X, double Y, double Radius)? Place(SeededRandom random, List<ToyObject> others)
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var radius = random.NextDouble(MinRadius, MaxRadius);
            var edge = (radius * Reach) + Margin;
            var x = random.NextDouble(edge, Size - edge);
            var y = random.NextDouble(edge, Size - edge);
            if (others.TrueForAll(o => Squared(o.X - x) + Squared(o.Y - y) > Squared(((o.Radius + radius) * Reach) + 1)))
            {
                return (x, y, radius);
            }
        }

        return null;
    }

    private static double Squared(double value) => value * value;
}
