using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>
/// A token that does not stay is merged into the one it matches: [class, kept], each kept token the weighted mean of what it now
/// stands for. Needs a scorer that matches (<see cref="ImportanceScores.Match"/>).
/// </summary>
public sealed record MatchReducer : ITokenReducer
{
    /// <summary>
    /// Whether tokens remember how many they stand for: their share in later merges, and log s is added to the attention on them
    /// (ToMe, Section 3, "proportional attention"). Off, every merge is of equals.
    /// </summary>
    public bool Proportional { get; init; } = true;

    /// <inheritdoc/>
    public bool AddsToken => false;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The scorer does not match tokens.</exception>
    public TokenState Reduce(TokenState tokens, ImportanceScores importance, TokenSelection selection, ReductionContext context, ReductionPolicy policy)
    {
        if (importance.Match is not { } match)
        {
            throw new ArgumentException($"policy '{policy.Name}' merges matched tokens, but its scorer ({policy.Scorer.GetType().Name}) does not match any; use BipartiteScorer or CrossGuidedScorer", nameof(importance));
        }

        var x = tokens.X.slice(1, 1, tokens.Length, 1); // [B, N, D]
        var pruned = TokenMerging.Pruned(selection.Keep, context.Real); // [B, N]
        var target = Targets(match, selection.Keep, pruned); // [B, N]
        var size = Proportional && tokens.Size is not null ? tokens.Size.slice(1, 1, tokens.Length, 1) : Sizes(x, context.Real); // [B, N]
        var weight = match.Weight is null ? size : size * match.Weight.to(size.dtype);
        var joined = zeros_like(size).scatter_add(1, target, pruned.to(size.dtype)) > 0; // [B, N]
        var merged = where(joined.unsqueeze(2), Mean(x, weight, target), x);
        var sizes = zeros_like(size).scatter_add(1, target, size);
        return TokenGather.Kept(
            tokens with
            {
                X = cat([tokens.X.slice(1, 0, 1, 1), merged], 1),
                Size = Proportional ? cat([ones_like(sizes.slice(1, 0, 1, 1)), sizes], 1) : null,
            },
            selection,
            context,
            policy);
    }

    /// <summary>Σ w_j x_j / Σ w_j over the tokens j that go to each place: <c>[B, N, D]</c> to <c>[B, N, D]</c>, 0 where nothing goes.</summary>
    /// <param name="tokens">x, <c>[B, N, D]</c>.</param>
    /// <param name="weight">w ≥ 0, <c>[B, N]</c>.</param>
    /// <param name="target">Where each token goes, its own place if it stays, <c>[B, N]</c> int64.</param>
    public static Tensor Mean(Tensor tokens, Tensor weight, Tensor target)
    {
        var sums = zeros_like(tokens).scatter_add(1, target.unsqueeze(2).expand(tokens.shape), tokens * weight.unsqueeze(2));
        var weights = zeros_like(weight).scatter_add(1, target, weight);
        return sums / weights.clamp_min(1e-6).unsqueeze(2);
    }

    private static Tensor Targets(TokenMatch match, Tensor keep, Tensor pruned)
    {
        using var off = no_grad();
        var own = arange(keep.shape[1], dtype: int64, device: keep.device).expand(keep.shape);
        var destination = match.Destination ?? match.Affinity!.masked_fill(keep.logical_not().unsqueeze(1), float.NegativeInfinity).argmax(2);
        return where(pruned, destination, own);
    }

    private static Tensor Sizes(Tensor x, Tensor? real) => real is null ? ones(x.shape[0], x.shape[1], dtype: x.dtype, device: x.device) : real.to(x.dtype);
}

/// <summary>What a scorer that matches tokens by similarity knows of where each may go. Either the destinations or the affinity is there.</summary>
public sealed record TokenMatch
{
    /// <summary>The token that each is merged into if it does not stay, <c>[B, N]</c> int64.</summary>
    public Tensor? Destination { get; init; }

    /// <summary>Similarity of each token (row) to each that it may be merged into (column), −∞ where it may not, <c>[B, N, N]</c>; the most similar one that stays is the destination.</summary>
    public Tensor? Affinity { get; init; }

    /// <summary>What a token's share in a merged one is multiplied by, <c>[B, N]</c>; null for 1.</summary>
    public Tensor? Weight { get; init; }
}
