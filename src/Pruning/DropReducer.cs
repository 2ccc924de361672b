using Madtp.Kit.Models;

namespace Madtp.Kit.Pruning;

/// <summary>Pruned tokens are gone: the sequence becomes [class, kept].</summary>
public sealed record DropReducer : ITokenReducer
{
    /// <inheritdoc/>
    public bool AddsToken => false;

    /// <inheritdoc/>
    public TokenState Reduce(TokenState tokens, ImportanceScores importance, TokenSelection selection, ReductionContext context, ReductionPolicy policy) =>
        TokenGather.Kept(tokens, selection, context, policy);
}
