using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>Importance of the N tokens that may be pruned (the class token is not one of them), each part <c>[B, N]</c>.</summary>
/// <param name="Total">The token importance score, mean of the parts in use (eq. 4).</param>
/// <param name="Class">S_cls, or null where unused.</param>
/// <param name="Self">S_self, or null where unused.</param>
/// <param name="Alignment">S_token, or null where unused.</param>
public sealed record ImportanceScores(Tensor Total, Tensor? Class = null, Tensor? Self = null, Tensor? Alignment = null)
{
    /// <summary>Where each token may go, from scorers that match tokens; null from others.</summary>
    public TokenMatch? Match { get; init; }
}
