
namespace Madtp.Kit.Data.Toy;

/// <summary>Draws claims of every kind, and pairs of scenes of which they are true or false.</summary>
public static class ToyStatements
{
    /// <summary>How often a shape is drawn from what the claim or its sibling mentions.</summary>
    private const double Favour = 0.6;

    // Shares in percent. Each needs the statement and one look, or one in each picture.
    private static readonly (int Share, Func<SeededRandom, ToyClaim> Draw)[] Kinds =
    [
        (32, r => ContainClaim.Draw(ContainClaim.Place.Left, r)),
        (32, r => ContainClaim.Draw(ContainClaim.Place.Right, r)),
        (18, r => ContainClaim.Draw(ContainClaim.Place.Both, r)),
        (18, r => ContainClaim.Draw(ContainClaim.Place.Either, r)),
    ];

    /// <summary>A random claim of a random kind.</summary>
    /// <param name="random">Makes the choices.</param>
    public static ToyClaim Draw(SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var share = random.Next(100);
        foreach (var (width, draw) in Kinds)
        {
            share -= width;
            if (share < 0)
            {
                return draw(random);
            }
        }

        throw new InvalidOperationException("the kinds' shares do not add up to 100");
    }

    /// <summary>Two scenes for which <paramref name="holds"/> is true and <paramref name="fails"/> false.</summary>
    /// <param name="holds">What shall be so.</param>
    /// <param name="fails">What shall not be so.</param>
    /// <param name="random">Draws the scenes.</param>
    /// <exception cref="InvalidOperationException">No such pair turns up: the two claims contradict one another's opposite.</exception>
    public static (ToyScene Left, ToyScene Right) DrawPair(ToyClaim holds, ToyClaim fails, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(holds);
        ArgumentNullException.ThrowIfNull(fails);
        ReadOnlySpan<ToyDescription> mentioned = [.. holds.Mentions, .. fails.Mentions];
        for (var attempt = 0; attempt < 100_000; attempt++)
        {
            var left = ToySceneGenerator.Draw(random, mentioned, Favour);
            var right = ToySceneGenerator.Draw(random, mentioned, Favour);
            if (holds.Holds(left, right) == true && fails.Holds(left, right) == false)
            {
                return (left, right);
            }
        }

        throw new InvalidOperationException($"no scenes found where '{holds}' holds and '{fails}' does not");
    }
}
