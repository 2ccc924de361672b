using Madtp.Kit.Models;

namespace Madtp.Kit.Pruning;

/// <summary>Third part of a policy: what becomes of the tokens that do not stay.</summary>
public interface ITokenReducer
{
    /// <summary>True where the pruned tokens come back as one; a block then has nothing to gain from pruning a single token.</summary>
    bool AddsToken { get; }

    /// <summary>Builds the shorter sequence.</summary>
    TokenState Reduce(TokenState tokens, ImportanceScores importance, TokenSelection selection, ReductionContext context, ReductionPolicy policy);
}
