using Madtp.Kit.Models;

namespace Madtp.Kit.Pruning;

/// <summary>Pruned tokens come back as one, weighted by importance and appended last: [class, kept, merged] (Section 3.3).</summary>
public sealed record MergeReducer : ITokenReducer
{
    /// <summary>Whether the weights are made to sum 1; EViT leaves the attention as it is.</summary>
    public bool Normalized { get; init; } = true;

    /// <inheritdoc/>
    public bool AddsToken => true;

    /// <inheritdoc/>
    public TokenState Reduce(TokenState tokens, ImportanceScores importance, TokenSelection selection, ReductionContext context, ReductionPolicy policy)
    {
        var kept = TokenGather.Kept(tokens, selection, context, policy);
        var candidates = tokens.X.slice(1, 1, tokens.Length, 1); // [B, N, D]
        var pruned = TokenMerging.Pruned(selection.Keep, context.Real).to(tokens.X.dtype); // [B, N]
        var merged = TokenMerging.Merge(candidates, importance.Total, pruned, Normalized); // [B, D]
        return TokenGather.Append(kept, merged, pruned, tokens, selection, policy);
    }
}
