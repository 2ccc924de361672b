namespace Madtp.Kit.Data.Toy;

/// <summary>"The left image has more shapes than the right image."</summary>
/// <param name="Relation">1: more; 0: the same number; -1: fewer.</param>
public sealed record CompareClaim(int Relation) : ToyClaim
{
    /// <inheritdoc/>
    public override string Kind => "compare";

    /// <inheritdoc/>
    public override IReadOnlyList<ToyDescription> Mentions => [];

    /// <summary>A random claim of this kind.</summary>
    /// <param name="random">Chooses the relation.</param>
    public static CompareClaim Draw(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return new CompareClaim(random.Next(3) - 1);
    }

    /// <inheritdoc/>
    public override bool? Holds(ToyScene left, ToyScene right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return Math.Sign(left.Objects.Count - right.Objects.Count) == Relation;
    }

    /// <inheritdoc/>
    public override string Say(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return random.Pick<string>(Relation switch
        {
            1 => ["The left image has more shapes than the right image.", "There are more shapes in the left image than in the right image."],
            -1 => ["The left image has fewer shapes than the right image.", "There are fewer shapes in the left image than in the right image."],
            _ => ["Both images have the same number of shapes.", "There is the same number of shapes in each image."],
        });
    }

    /// <inheritdoc/>
    public override ToyClaim Sibling(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return new CompareClaim(((Relation + 1 + 1 + random.Next(2)) % 3) - 1);
    }
}
