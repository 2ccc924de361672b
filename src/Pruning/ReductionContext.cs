using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>All that the parts of a policy may look at in one block. N counts the tokens that may be pruned, without the class token.</summary>
/// <param name="Encoder">The encoder the block belongs to.</param>
/// <param name="Layer">The block's index, from 0.</param>
/// <param name="Attended">Tokens after the attention residual, <c>[B, N + 1, D]</c>.</param>
/// <param name="Attention">What the attention saw.</param>
public sealed record ReductionContext(ReducibleEncoder Encoder, int Layer, TokenState Attended, SelfAttentionRecord Attention)
{
    /// <summary>T, the temperature of the learnable threshold.</summary>
    public double Temperature { get; init; }

    /// <summary>R, raw alignment scores (<c>[B, N, K]</c>); null without alignment guidance.</summary>
    public Tensor? RawAlignment { get; init; }

    /// <summary>A, alignment maps (eq. 2), <c>[B, K, N]</c>; null without alignment guidance.</summary>
    public Tensor? AlignmentMaps { get; init; }

    /// <summary>1 for tokens that are real, 0 for padding, <c>[B, N]</c>; null when all are real or padding is not told apart.</summary>
    public Tensor? Real { get; init; }

    /// <summary>Tokens that must stay, <c>[B, N]</c> bool; null when none is special.</summary>
    public Tensor? Protected { get; init; }

    /// <summary>Row of the token that stands for the sequence in each sample, <c>[B]</c> int64; null for row 0.</summary>
    public Tensor? SummaryRow { get; init; }

    /// <summary>N.</summary>
    public int Candidates => Attended.Length - 1;
}
