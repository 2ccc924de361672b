namespace Madtp.Kit.Data.Toy;

/// <summary>"There are exactly two shapes in the left image."</summary>
/// <param name="Side">Which picture is spoken of.</param>
/// <param name="What">What is counted: all shapes, those of a colour, or those of a form.</param>
/// <param name="Number">How many there are said to be.</param>
public sealed record CountClaim(ToySide Side, ToyDescription What, int Number) : ToyClaim
{
    /// <inheritdoc/>
    public override string Kind => "count";

    /// <inheritdoc/>
    public override IReadOnlyList<ToyDescription> Mentions => What.Color is null && What.Shape is null ? [] : [What];

    private int Largest => Mentions.Count == 0 ? 3 : 2;

    /// <summary>A random claim of this kind.</summary>
    /// <param name="random">Chooses side, things and number.</param>
    public static CountClaim Draw(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var claim = new CountClaim((ToySide)random.Next(2), random.Chance(0.6) ? new ToyDescription(null, null) : ToyDescriptions.DrawHalf(random), 1);
        return claim with { Number = 1 + random.Next(claim.Largest) };
    }

    /// <inheritdoc/>
    public override bool? Holds(ToyScene left, ToyScene right) => Pick(Side, left, right).Count(What) == Number;

    /// <inheritdoc/>
    public override string Say(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var things = $"{ToyWords.Of(Number)} {What}{(Number == 1 ? string.Empty : "s")}";
        var verb = Number == 1 ? "is" : "are";
        return random.Pick<string>([$"There {verb} exactly {things} in the {Word(Side)} image.", $"The {Word(Side)} image shows exactly {things}."]);
    }

    /// <inheritdoc/>
    public override ToyClaim Sibling(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return random.Chance(0.25)
            ? this with { Side = Other(Side) }
            : this with { Number = 1 + ((Number - 1 + 1 + random.Next(Largest - 1)) % Largest) };
    }
}
