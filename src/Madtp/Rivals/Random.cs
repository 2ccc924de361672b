using Madtp.Kit.Data;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>The control experiment: every layer drops as many tokens as static pruning does, but chosen by chance
/// (<see cref="RandomScorer"/>). Images and text alike. A method that ranks tokens should beat it.</summary>
public static class RandomPruning
{
    /// <summary>The policy at keep ratios (<see cref="ScheduledCountRule.Of"/>).</summary>
    public static ReductionPolicy Policy(double keepRatio, double? textKeepRatio = null) =>
        StaticPruning.Policy(keepRatio, textKeepRatio) with { Name = "Random", Scorer = new RandomScorer() };
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
        return new ImportanceScores(Draw(context.X, context.Layer));
    }

    // u = frac(10⁶ · x·g), [B, N, D] to [B, N]: far behind the point, what is left of a projection is unrelated to its size. The
    // direction g of each seed and layer has entries uniform in [−1, 1).
    internal Tensor Draw(Tensor tokens, int layer)
    {
        var random = new SeededRandom(SeededRandom.SeedFor(Seed, (ulong)layer));
        double[] direction = [.. Enumerable.Range(0, (int)tokens.shape[2])
            .Select(_ => ((random.NextBits() >> 11) * Math.Pow(2, -52)) - 1)];
        var projection = tokens.detach().to(float64).MatMul(tensor(direction, dtype: float64, device: tokens.device)) * 1e6;
        return (projection - projection.floor()).to(tokens.dtype);
    }
}
