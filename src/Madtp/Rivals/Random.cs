using Madtp.Kit.Data;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>The control experiment: every layer drops as many tokens as static pruning does, but chosen by chance
/// (<see cref="RandomScorer"/>). Images and text alike. A method that ranks tokens should beat it.</summary>
public static class RandomPruning
{
    /// <summary>The policy.</summary>
    /// <param name="keepRatio">Share of the image tokens that the first layer keeps, in (0, 1]; every later layer drops as many
    /// again.</param>
    /// <param name="textKeepRatio">The same for text; as for images if null.</param>
    /// <param name="seed">Another seed chooses other tokens.</param>
    /// <exception cref="ArgumentException">A ratio is not in (0, 1].</exception>
    public static ReductionPolicy Policy(double keepRatio, double? textKeepRatio = null, ulong seed = 0) => new()
    {
        Name = "Random",
        Scorer = new RandomScorer(seed),
        Keep = ScheduledCountRule.Of(CountSchedule.SameNumber, keepRatio, textKeepRatio),
        Reducer = new DropReducer(),
    };
}

/// <summary>Chance in place of importance, uniform in [0, 1). The draw is a hash of the seed, the layer and the token's own
/// numbers, not a generator's next value: it needs no state, so that a resumed or repeated computation draws the same, while
/// other samples, and the same sample under other weights, draw anew.</summary>
/// <param name="Seed">Another seed chooses other tokens.</param>
public sealed record RandomScorer(ulong Seed = 0) : ITokenScorer
{
    public bool ReadsAttention => false;

    /// <summary>Nothing: a real draw takes no projection.</summary>
    public PartCost Cost(LayerShape layer) => default;

    public ImportanceScores Score(ReductionContext context)
    {
        using var off = no_grad();
        return new ImportanceScores(Draw(context.X, Direction(Seed, context.Layer, (int)context.X.shape[2])));
    }

    /// <summary>u = frac(10⁶ · x·g): far behind the point, what is left of a projection is unrelated to its size.</summary>
    /// <param name="tokens">Token states, <c>[B, N, D]</c>.</param>
    /// <param name="direction">g, <c>D</c> numbers.</param>
    /// <returns><c>[B, N]</c>, in the tokens' own type.</returns>
    public static Tensor Draw(Tensor tokens, double[] direction)
    {
        // [B, N]
        var projection = tokens.detach().to(float64).MatMul(tensor(direction, dtype: float64, device: tokens.device)) * 1e6;
        return (projection - projection.floor()).to(tokens.dtype);
    }

    /// <summary>g: a direction for each seed and layer, its entries uniform in [−1, 1).</summary>
    public static double[] Direction(ulong seed, int layer, int width)
    {
        var random = new SeededRandom(SeededRandom.SeedFor(seed, (ulong)layer));
        var direction = new double[width];
        for (var i = 0; i < width; i++)
        {
            direction[i] = ((random.NextBits() >> 11) * Math.Pow(2, -52)) - 1;
        }

        return direction;
    }
}
