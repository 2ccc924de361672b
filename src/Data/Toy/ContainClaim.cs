
namespace Madtp.Kit.Data.Toy;

/// <summary>"The left image contains a red circle", and the same of the right, both, or at least one.</summary>
/// <param name="Where">Which of the two pictures is spoken of.</param>
/// <param name="What">What they contain.</param>
public sealed record ContainClaim(ContainClaim.Place Where, ToyDescription What) : ToyClaim
{
    /// <summary>Which of the two pictures is spoken of.</summary>
    public enum Place
    {
        /// <summary>The left one.</summary>
        Left,

        /// <summary>The right one.</summary>
        Right,

        /// <summary>Each of the two.</summary>
        Both,

        /// <summary>At least one of the two.</summary>
        Either,
    }

    /// <inheritdoc/>
    public override string Kind => Where.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public override IReadOnlyList<ToyDescription> Mentions => [What];

    /// <summary>A random claim about the given place.</summary>
    /// <param name="where">Which of the two pictures is spoken of.</param>
    /// <param name="random">Chooses what they contain.</param>
    public static ContainClaim Draw(Place where, SeededRandom random) => new(where, ToyDescriptions.Draw(random));

    /// <inheritdoc/>
    public override bool? Holds(ToyScene left, ToyScene right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return Where switch
        {
            Place.Left => left.Has(What),
            Place.Right => right.Has(What),
            Place.Both => left.Has(What) && right.Has(What),
            _ => left.Has(What) || right.Has(What),
        };
    }

    /// <inheritdoc/>
    public override string Say(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return random.Pick<string>(Where switch
        {
            Place.Left or Place.Right => [$"The {Kind} image contains a {What}.", $"There is a {What} in the {Kind} image.", $"The image on the {Kind} shows a {What}."],
            Place.Both => [$"Both images contain a {What}.", $"There is a {What} in both images.", $"Each image shows a {What}."],
            _ => [$"At least one image contains a {What}.", $"There is a {What} in at least one of the images.", $"One or both images show a {What}."],
        });
    }

    /// <inheritdoc/>
    public override ToyClaim Sibling(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Where is Place.Left or Place.Right && random.Chance(0.15)
            ? this with { Where = Where == Place.Left ? Place.Right : Place.Left }
            : this with { What = ToyDescriptions.Change(What, random) };
    }
}
