namespace Madtp.Kit.Data.Toy;

/// <summary>All that is needed to draw one picture: one to three shapes on a ground.</summary>
/// <param name="Objects">The shapes; none overlaps another.</param>
/// <param name="Ground">The pattern behind them.</param>
/// <param name="TextureSeed">Fixes the ground's tint, its pattern's place and the noise.</param>
public sealed record ToyScene(IReadOnlyList<ToyObject> Objects, ToyGround Ground, ulong TextureSeed)
{
    /// <summary>Width and height of a scene in pixels.</summary>
    public const int Size = 64;

    /// <summary>Width and height of a patch in pixels.</summary>
    public const int PatchSize = 8;

    /// <summary>Patches of a scene.</summary>
    public const int Patches = (Size / PatchSize) * (Size / PatchSize);

    /// <summary>How many shapes fit the description.</summary>
    /// <param name="description">Colour, shape, or both.</param>
    public int Count(ToyDescription description) => Objects.Count(description.Fits);

    /// <summary>Whether a shape fits the description.</summary>
    /// <param name="description">Colour, shape, or both.</param>
    public bool Has(ToyDescription description) => Objects.Any(description.Fits);
}

/// <summary>One shape of a scene. Lengths are in pixels, y grows downwards.</summary>
/// <param name="Shape">What it is.</param>
/// <param name="Color">How it is painted.</param>
/// <param name="X">Its centre, from the left edge.</param>
/// <param name="Y">Its centre, from the top edge.</param>
/// <param name="Radius">Its size: a circle's radius; squares and triangles are scaled to look as large.</param>
/// <param name="Tilt">The tangent of the angle by which it is turned.</param>
public sealed record ToyObject(ToyShape Shape, ToyColor Color, double X, double Y, double Radius, double Tilt)
{
    /// <summary>How many kinds of patch there are: the ground and 5 colours × 3 shapes.</summary>
    public const int Classes = 16;

    /// <summary>The patch class of this object: 1 to 15; 0 is the ground.</summary>
    public int Class => 1 + ((int)Color * 3) + (int)Shape;

    /// <summary>A patch class in words: "ground", "red circle", ….</summary>
    /// <param name="patchClass">0 to 15.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public static string ClassName(int patchClass)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(patchClass);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(patchClass, Classes);
        return patchClass == 0 ? "ground" : $"{ToyWords.Of((ToyColor)((patchClass - 1) / 3))} {ToyWords.Of((ToyShape)((patchClass - 1) % 3))}";
    }
}

/// <summary>The five colours of the toy world's shapes.</summary>
public enum ToyColor
{
    /// <summary>Red.</summary>
    Red,

    /// <summary>Green.</summary>
    Green,

    /// <summary>Blue.</summary>
    Blue,

    /// <summary>Yellow.</summary>
    Yellow,

    /// <summary>Purple.</summary>
    Purple,
}

/// <summary>The three shapes of the toy world.</summary>
public enum ToyShape
{
    /// <summary>A disc.</summary>
    Circle,

    /// <summary>A square, turned a little.</summary>
    Square,

    /// <summary>An equilateral triangle that points up, turned a little.</summary>
    Triangle,
}

/// <summary>What lies behind the shapes: a gray ground with a faint pattern.</summary>
public enum ToyGround
{
    /// <summary>No pattern but fine noise.</summary>
    Plain,

    /// <summary>Slanted stripes.</summary>
    Striped,

    /// <summary>A checkerboard.</summary>
    Checked,

    /// <summary>Dots on a grid.</summary>
    Dotted,
}

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

/// <summary>Words that pick out shapes: "red circle", "red shape" or "circle".</summary>
/// <param name="Color">The colour, where it is said.</param>
/// <param name="Shape">The shape, where it is said.</param>
public sealed record ToyDescription(ToyColor? Color, ToyShape? Shape)
{
    /// <summary>The description of one class of objects, 1 to 15.</summary>
    /// <param name="item">The object that is described fully.</param>
    public static ToyDescription Of(ToyObject item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return new ToyDescription(item.Color, item.Shape);
    }

    /// <summary>Whether the object is what the words say.</summary>
    /// <param name="item">The object in question.</param>
    public bool Fits(ToyObject item)
    {
        ArgumentNullException.ThrowIfNull(item);
        return (Color is null || Color == item.Color) && (Shape is null || Shape == item.Shape);
    }

    /// <summary>The words without an article.</summary>
    public override string ToString() => (Color, Shape) switch
    {
        ({ } color, { } shape) => $"{ToyWords.Of(color)} {ToyWords.Of(shape)}",
        ({ } color, null) => $"{ToyWords.Of(color)} shape",
        (null, { } shape) => ToyWords.Of(shape),
        _ => "shape",
    };
}

/// <summary>Draws descriptions, and changes them in one respect.</summary>
internal static class ToyDescriptions
{
    /// <summary>Mostly colour and shape; sometimes the colour alone.</summary>
    public static ToyDescription Draw(SeededRandom random) =>
        new(Color(random), random.Next(10) < 9 ? Shape(random) : null);

    /// <summary>Only a colour, or only a shape.</summary>
    public static ToyDescription DrawHalf(SeededRandom random)
        => random.Chance(0.5) ? new ToyDescription(Color(random), null) : new ToyDescription(null, Shape(random));

    /// <summary>
    /// The same form of words with another colour, another shape, or (mostly) both; each way round equally likely.
    /// Where both differ the answer is easy to see, which is what a model begins to learn from; where one differs it must look closely.
    /// </summary>
    public static ToyDescription Change(ToyDescription one, SeededRandom random)
    {
        var choice = random.Next(5);
        var color = one.Color is { } c && (choice != 0 || one.Shape is null) ? (ToyColor)(((int)c + 1 + random.Next(4)) % 5) : one.Color;
        var shape = one.Shape is { } s && (choice != 1 || one.Color is null) ? (ToyShape)(((int)s + 1 + random.Next(2)) % 3) : one.Shape;
        return new ToyDescription(color, shape);
    }

    public static ToyColor Color(SeededRandom random) => (ToyColor)random.Next(5);

    public static ToyShape Shape(SeededRandom random) => (ToyShape)random.Next(3);
}

/// <summary>The toy world's things in words.</summary>
public static class ToyWords
{
    private static readonly string[] Numbers = ["zero", "one", "two", "three", "four", "five", "six"];

    /// <summary>A colour's word.</summary>
    /// <param name="color">The colour.</param>
    public static string Of(ToyColor color) => color.ToString().ToLowerInvariant();

    /// <summary>A shape's word, singular.</summary>
    /// <param name="shape">The shape.</param>
    public static string Of(ToyShape shape) => shape.ToString().ToLowerInvariant();

    /// <summary>A ground's word.</summary>
    /// <param name="ground">The ground.</param>
    public static string Of(ToyGround ground) => ground.ToString().ToLowerInvariant();

    /// <summary>A number from 0 to 6 as a word.</summary>
    /// <param name="number">0 to 6.</param>
    public static string Of(int number) => Numbers[number];
}
