using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>A token that does not stay is merged into the one it matches: [class, kept], each kept token the weighted mean of
/// what it now stands for. Tokens remember how many that are: it is their share in later merges, and log s is added to the
/// attention on them (ToMe, Section 3, "proportional attention"). Needs a scorer that matches
/// (<see cref="ImportanceScores.Match"/>).</summary>
public sealed record MatchReducer : ITokenReducer
{
    public bool Merges => true;

    /// <summary>Matched tokens go into tokens that stay.</summary>
    public PartCost Cost(LayerShape layer, long removed) => new(0, removed * layer.Width);

    /// <exception cref="ArgumentException">The scorer does not match tokens.</exception>
    public TokenState Reduce(ImportanceScores importance, KeptRows kept, ReductionContext context)
    {
        Guard.Argument(importance.Match is not null, $"policy '{context.Policy.Name}' merges matched tokens, but its scorer "
            + $"({context.Policy.Scorer.GetType().Name}) does not match any; use BipartiteScorer or CrossGuidedScorer",
            nameof(importance));
        var (match, x, tokens) = (importance.Match, context.X, context.Attended); // [B, N, D]
        var pruned = TokenMerging.Pruned(kept.Keep, context.Mask); // [B, N]
        var target = Targets(match, kept.Keep, pruned); // [B, N]
        var size = tokens.Size is not null ? context.Candidates.Take(tokens.Size) : Sizes(x, context.Mask); // [B, N]
        var weight = match.Weight is null ? size : size * match.Weight.to(size.dtype);
        var joined = zeros_like(size).scatter_add(1, target, pruned.to(size.dtype)) > 0; // [B, N]
        var merged = where(joined.unsqueeze(2), Mean(x, weight, target), x);
        var sizes = zeros_like(size).scatter_add(1, target, size);
        var shorter = tokens with
        {
            X = context.Candidates.Put(tokens.X, merged),
            Size = context.Candidates.Put(
                tokens.Size ?? ones(tokens.X.shape[..2], dtype: sizes.dtype, device: sizes.device), sizes),
        };
        return kept.Gather(shorter, context);
    }

    // Σ w_j x_j / Σ w_j over the tokens j that go to each place, [B, N, D], 0 where nothing goes.
    private static Tensor Mean(Tensor tokens, Tensor weight, Tensor target)
    {
        var sums = zeros_like(tokens).scatter_add(1, target.unsqueeze(2).expand(tokens.shape), tokens * weight.unsqueeze(2));
        var weights = zeros_like(weight).scatter_add(1, target, weight);
        return sums / weights.clamp_min(1e-6).unsqueeze(2);
    }

    // Where each token goes, its own place if it stays, [B, N] int64.
    private static Tensor Targets(TokenMatch match, Tensor keep, Tensor pruned)
    {
        using var off = no_grad();
        var own = arange(keep.shape[1], dtype: int64, device: keep.device).expand(keep.shape);
        return where(pruned, match.Destination(keep), own);
    }

    private static Tensor Sizes(Tensor x, Tensor? mask) =>
        mask is null ? ones(x.shape[0], x.shape[1], dtype: x.dtype, device: x.device) : mask.to(x.dtype);
}

/// <summary>Where a scorer that matches tokens by similarity lets each go.</summary>
/// <param name="Destination">From which tokens stay, <c>[B, N]</c> bool, the one that each other is merged into, <c>[B, N]</c>
/// int64.</param>
/// <param name="Weight">What a token's share in a merged one is multiplied by, <c>[B, N]</c>; null for 1.</param>
public sealed record TokenMatch(Func<Tensor, Tensor> Destination, Tensor? Weight = null);
