namespace Madtp.Kit.Data.Toy;

/// <summary>One shape of a scene of the toy world: a disc, or a square or an equilateral triangle that is turned a little.
/// Lengths are in pixels, y grows downwards.</summary>
/// <param name="Form">0 to 2: circle, square, triangle.</param>
/// <param name="Color">0 to 4: red, green, blue, yellow, purple.</param>
/// <param name="X">Its centre, from the left edge.</param>
/// <param name="Y">Its centre, from the top edge.</param>
/// <param name="Radius">Its size: a circle's radius; squares and triangles are scaled to look as large.</param>
/// <param name="Tilt">The tangent of the angle by which it is turned.</param>
public sealed record ToyObject(int Form, int Color, double X, double Y, double Radius, double Tilt)
{
    /// <summary>Kinds of patch: the ground and 5 colours × 3 shapes.</summary>
    public const int Classes = 16;

    internal static readonly string[] Forms = [.. ThingWords.Forms[0].Take(3)];
    internal static readonly string[] Colors = [.. ThingWords.Colors.Take(5)];

    /// <summary>The patch class of this object: 1 to 15; 0 is the ground.</summary>
    public int Class => 1 + (Color * 3) + Form;

    /// <summary>What it is, wherever it is.</summary>
    public Thing Thing => new(ThingKind.Object, Form, Color);

    /// <summary>Its colour and form in words.</summary>
    public ThingWords Words => ThingWords.Of(Thing);

    /// <summary>A patch class, 0 to 15, in words: "ground", "red circle", ….</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such class.</exception>
    public static string ClassName(int patchClass) =>
        patchClass == 0 ? "ground" : $"{Colors[(patchClass - 1) / 3]} {Forms[(patchClass - 1) % 3]}";
}

/// <summary>All that is needed to draw one picture: one to three shapes on a ground.</summary>
/// <param name="Objects">The shapes; none overlaps another.</param>
public sealed record ToyScene(IReadOnlyList<ToyObject> Objects, ToyGround Ground, ulong TextureSeed)
    : DrawnScene([.. Objects.Select(item => item.Thing)], Ground, TextureSeed)
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

    /// <summary>A random scene: one to three shapes that do not touch, on a random ground.</summary>
    /// <param name="favoured">Words of which each new shape fits one with <paramref name="probability"/>.</param>
    /// <param name="probability">How often a shape is drawn from <paramref name="favoured"/>, from 0 to 1.</param>
    public static ToyScene Draw(SeededRandom random, ReadOnlySpan<ThingWords> favoured = default, double probability = 0)
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

            var wanted = !favoured.IsEmpty && random.Chance(probability) ? random.Pick(favoured) : default;
            var form = wanted.Form ?? random.Next(3);
            var color = wanted.Color ?? random.Next(5);
            objects.Add(new ToyObject(form, color, x, y, radius, random.NextDouble(-0.3, 0.3)));
        }

        return new ToyScene(objects, (ToyGround)random.Next(4), random.NextBits());
    }

    internal override IEnumerable<Coat> Coats(SeededRandom random) => Objects.Select(item => new Coat(
        ToyRenderer.Tinted(item.Color, random), Near(item.X, item.Radius), Near(item.Y, item.Radius), item.Class,
        (x, y) => ToyRenderer.Outline(item.Form, x - item.X, y - item.Y, item.Radius, item.Tilt, triangle: 0.6)));

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
                return (x, y, radius);
        }

        return null;
    }

    private static double Squared(double value) => value * value;
}
