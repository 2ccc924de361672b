namespace Madtp.Kit.Data.Toy;

/// <summary>"All shapes in the left image are red", or the same of a form.</summary>
/// <param name="Side">Which picture is spoken of.</param>
/// <param name="What">A colour alone or a shape alone.</param>
public sealed record AllClaim(ToySide Side, ToyDescription What) : ToyClaim
{
    /// <inheritdoc/>
    public override string Kind => "all";

    /// <inheritdoc/>
    public override IReadOnlyList<ToyDescription> Mentions => [What];

    /// <summary>A random claim of this kind.</summary>
    /// <param name="random">Chooses side and property.</param>
    public static AllClaim Draw(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return new AllClaim((ToySide)random.Next(2), ToyDescriptions.DrawHalf(random));
    }

    /// <inheritdoc/>
    public override bool? Holds(ToyScene left, ToyScene right) => Pick(Side, left, right).Objects.All(What.Fits);

    /// <inheritdoc/>
    public override string Say(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return What.Color is { } color
            ? random.Pick<string>([$"All shapes in the {Word(Side)} image are {ToyWords.Of(color)}.", $"Every shape in the {Word(Side)} image is {ToyWords.Of(color)}."])
            : random.Pick<string>([$"All shapes in the {Word(Side)} image are {What}s.", $"Every shape in the {Word(Side)} image is a {What}."]);
    }

    /// <inheritdoc/>
    public override ToyClaim Sibling(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return random.Chance(0.35) ? this with { Side = Other(Side) } : this with { What = ToyDescriptions.Change(What, random) };
    }
}
