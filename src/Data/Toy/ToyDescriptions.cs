namespace Madtp.Kit.Data.Toy;

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
