using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>
/// The three parts of the token importance score (TIS, eq. 4–6) as pure functions. Attention probabilities are
/// <c>[B, h, N + 1, N + 1]</c> with the class token at row and column 0; scores are <c>[B, N]</c> for the other tokens.
/// </summary>
public static class TokenImportance
{
    private const double Epsilon = 1e-8;

    /// <summary>
    /// S_self: the attention a token receives from the others, normalised to sum 1.
    /// </summary>
    /// <param name="probabilities">Attention, <c>[B, h, N + 1, N + 1]</c>.</param>
    /// <param name="pooling">Maximum over queries (paper) or their sum (released), after the maximum over heads.</param>
    /// <param name="real">1 for real tokens, <c>[B, N]</c>; padding neither gives nor receives. Null when all are real.</param>
    public static Tensor Self(Tensor probabilities, SelfPooling pooling, Tensor? real = null)
    {
        var length = probabilities.shape[^1];
        var received = probabilities.amax([1]).slice(1, 1, length, 1).slice(2, 1, length, 1); // [B, N queries, N]
        if (real is not null)
        {
            received = received * real.unsqueeze(2);
        }

        return Normalize(Masked(pooling == SelfPooling.Sum ? received.sum(1) : received.amax([1]), real));
    }

    /// <summary>
    /// S_cls: the attention of the sequence's summary token on each token, heads weighted by the norm of their output there.
    /// </summary>
    /// <param name="probabilities">Attention, <c>[B, h, N + 1, N + 1]</c>.</param>
    /// <param name="headOutput">Attention output per head, <c>[B, h, N + 1, d_h]</c>.</param>
    /// <param name="summaryRow">Row of the summary token, <c>[B]</c> int64; null for the class token in row 0.</param>
    /// <param name="normalized">Whether the scores are made to sum 1 (the released code leaves that out).</param>
    /// <param name="real">1 for real tokens, <c>[B, N]</c>; null when all are real.</param>
    public static Tensor Class(Tensor probabilities, Tensor headOutput, Tensor? summaryRow, bool normalized, Tensor? real = null)
    {
        var length = probabilities.shape[^1];
        var norms = headOutput.slice(2, 1, length, 1).norm(-1); // [B, h, N]
        var weights = norms / (norms.sum(1, keepdim: true) + Epsilon);
        var attention = Row(probabilities, summaryRow).slice(2, 1, length, 1); // [B, h, N]
        var score = Masked((attention * weights).sum(1), real);
        return normalized ? Normalize(score) : score;
    }

    /// <summary>
    /// S_token: the strongest claim any learnable token makes on each token, divided by the sum over tokens.
    /// </summary>
    /// <param name="claims">Alignment scores, raw (<c>R</c>, released) or softmaxed (<c>Aᵀ</c>), <c>[B, N, K]</c>.</param>
    /// <param name="real">1 for real tokens, <c>[B, N]</c>; null when all are real.</param>
    public static Tensor Alignment(Tensor claims, Tensor? real = null) => Normalize(Masked(claims.amax([2]), real));

    private static Tensor Normalize(Tensor score) => score / (score.sum(1, keepdim: true) + Epsilon);

    private static Tensor Masked(Tensor score, Tensor? real) => real is null ? score : score * real;

    /// <summary>What the summary token attends to: <c>[B, h, N + 1, N + 1]</c> to <c>[B, h, N + 1]</c>.</summary>
    internal static Tensor Row(Tensor probabilities, Tensor? row)
    {
        if (row is null)
        {
            return probabilities.select(2, 0);
        }

        var (heads, length) = (probabilities.shape[1], probabilities.shape[^1]);
        var index = row.view(-1, 1, 1, 1).expand(-1, heads, 1, length);
        return probabilities.gather(2, index).squeeze(2); // [B, h, N + 1]
    }
}
