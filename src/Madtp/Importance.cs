using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

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

/// <summary>Which parts of the token importance score are in use (Table 3).</summary>
[Flags]
public enum ScoreParts
{
    /// <summary>Attention of the class token, S_cls.</summary>
    Class = 1,

    /// <summary>Attention received from the other tokens, S_self.</summary>
    Self = 2,

    /// <summary>Attention of the learnable alignment tokens, S_token.</summary>
    Alignment = 4,

    /// <summary>The mean of all three (eq. 4).</summary>
    All = Class | Self | Alignment,
}

/// <summary>How the attention that a token receives from all queries becomes one number (eq. 5).</summary>
public enum SelfPooling
{
    /// <summary>Maximum over queries, as the paper writes it.</summary>
    Max,

    /// <summary>Sum over queries, as the released code computes it.</summary>
    Sum,
}

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

/// <summary>MADTP's scorer: the mean of class, self and alignment attention (eq. 4), each switchable.</summary>
public sealed record ImportanceScorer : ITokenScorer
{
    /// <summary>The parts in use.</summary>
    public ScoreParts Parts { get; init; } = ScoreParts.All;

    /// <summary>How S_self pools over queries.</summary>
    public SelfPooling SelfPooling { get; init; } = SelfPooling.Max;

    /// <summary>Whether S_cls is made to sum 1 like the other two.</summary>
    public bool NormalizeClass { get; init; } = true;

    /// <summary>Whether S_token reads the softmaxed alignment maps; false reads the raw scores, which may be negative (released).</summary>
    public bool SoftmaxAlignment { get; init; } = true;

    /// <inheritdoc/>
    public bool NeedsAlignment => Parts.HasFlag(ScoreParts.Alignment);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Alignment attention is asked for in a model without alignment guidance and no other part is in use.</exception>
    public ImportanceScores Score(ReductionContext context)
    {
        var attention = context.Attention;
        var byClass = Parts.HasFlag(ScoreParts.Class)
            ? TokenImportance.Class(attention.Probabilities, attention.HeadOutput, context.SummaryRow, NormalizeClass, context.Real)
            : null;
        var bySelf = Parts.HasFlag(ScoreParts.Self) ? TokenImportance.Self(attention.Probabilities, SelfPooling, context.Real) : null;
        var byAlignment = Parts.HasFlag(ScoreParts.Alignment) ? AlignmentScore(context) : null;
        Tensor[] parts = [.. new[] { byClass, bySelf, byAlignment }.OfType<Tensor>()];
        if (parts.Length == 0)
        {
            throw new InvalidOperationException($"no score is left to rank tokens by: '{Parts}' needs alignment guidance, which encoder '{context.Encoder.Name}' does not have");
        }

        var total = parts[0];
        for (var i = 1; i < parts.Length; i++)
        {
            total = total + parts[i];
        }

        return new ImportanceScores(total / parts.Length, byClass, bySelf, byAlignment);
    }

    private Tensor? AlignmentScore(ReductionContext context)
    {
        if (context.RawAlignment is null)
        {
            return null;
        }

        return TokenImportance.Alignment(SoftmaxAlignment ? context.AlignmentMaps!.transpose(1, 2) : context.RawAlignment, context.Real);
    }
}
