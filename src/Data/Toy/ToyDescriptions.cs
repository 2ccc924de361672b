namespace Madtp.Kit.Data.Toy;

/// <summary>Draws descriptions, and changes them in one respect.</summary>
internal static class ToyDescriptions
{
    /// <summary>Mostly colour and shape; sometimes only one of them.</summary>
    public static ToyDescription Draw(SeededRandom random) => random.Next(10) switch
    {
        < 7 => new ToyDescription(Color(random), Shape(random)),
        < 9 => new ToyDescription(Color(random), null),
        _ => new ToyDescription(null, Shape(random)),
    };

    /// <summary>Only a colour, or only a shape.</summary>
    public static ToyDescription DrawHalf(SeededRandom random)
        => random.Chance(0.5) ? new ToyDescription(Color(random), null) : new ToyDescription(null, Shape(random));

    /// <summary>The same form of words with another colour or another shape (each way round equally likely).</summary>
    public static ToyDescription Change(ToyDescription one, SeededRandom random)
    {
        var changesColor = one.Color is not null && (one.Shape is null || random.Chance(0.5));
        return changesColor
            ? one with { Color = (ToyColor)(((int)one.Color!.Value + 1 + random.Next(4)) % 5) }
            : one with { Shape = (ToyShape)(((int)one.Shape!.Value + 1 + random.Next(2)) % 3) };
    }

    public static ToyColor Color(SeededRandom random) => (ToyColor)random.Next(5);

    public static ToyShape Shape(SeededRandom random) => (ToyShape)random.Next(3);
}
