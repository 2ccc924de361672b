namespace Madtp.Kit.Data.Toy;

/// <summary>"In the left image, the red circle is above the blue square."</summary>
/// <param name="Side">Which picture is spoken of.</param>
/// <param name="First">The object whose place is told.</param>
/// <param name="Second">The object it is told by.</param>
/// <param name="Where">Where the first is, seen from the second.</param>
public sealed record RelationClaim(ToySide Side, ToyDescription First, ToyDescription Second, RelationClaim.Direction Where) : ToyClaim
{
    /// <summary>Centres that differ by less than this many pixels are neither above nor beside one another.</summary>
    private const double Clear = 8;

    /// <summary>Where one object is, seen from another.</summary>
    public enum Direction
    {
        /// <summary>Higher in the picture.</summary>
        Above,

        /// <summary>Lower in the picture.</summary>
        Below,

        /// <summary>Further left.</summary>
        LeftOf,

        /// <summary>Further right.</summary>
        RightOf,
    }

    /// <inheritdoc/>
    public override string Kind => "relation";

    /// <inheritdoc/>
    public override IReadOnlyList<ToyDescription> Mentions => [First, Second];

    /// <summary>A random claim of this kind.</summary>
    /// <param name="random">Chooses side, objects and direction.</param>
    public static RelationClaim Draw(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var first = new ToyDescription(ToyDescriptions.Color(random), ToyDescriptions.Shape(random));
        return new RelationClaim((ToySide)random.Next(2), first, ToyDescriptions.Change(first, random), (Direction)random.Next(4));
    }

    /// <inheritdoc/>
    public override bool? Holds(ToyScene left, ToyScene right)
    {
        var scene = Pick(Side, left, right);
        if (scene.Count(First) != 1 || scene.Count(Second) != 1)
        {
            return null;
        }

        var first = scene.Objects.First(First.Fits);
        var second = scene.Objects.First(Second.Fits);
        var distance = Where switch
        {
            Direction.Above => second.Y - first.Y,
            Direction.Below => first.Y - second.Y,
            Direction.LeftOf => second.X - first.X,
            _ => first.X - second.X,
        };
        return Math.Abs(distance) < Clear ? null : distance > 0;
    }

    /// <inheritdoc/>
    public override string Say(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var where = Where switch
        {
            Direction.Above => "above",
            Direction.Below => "below",
            Direction.LeftOf => "to the left of",
            _ => "to the right of",
        };
        return random.Pick<string>([$"In the {Word(Side)} image, the {First} is {where} the {Second}.", $"The {First} is {where} the {Second} in the {Word(Side)} image."]);
    }

    /// <inheritdoc/>
    public override ToyClaim Sibling(SeededRandom random) => this with { Where = (Direction)((int)Where ^ 1) };
}
