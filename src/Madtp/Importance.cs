using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>The token importance score TIS (eq. 4) and its parts, each <c>[B, N]</c> over the candidates; a part not in use is
/// null.</summary>
/// <param name="Total">TIS, mean of the parts in use; higher stays, and +∞ stays whatever the keep rule says.</param>
public sealed record ImportanceScores(Tensor Total)
{
    private Tensor? byClass, bySelf, byAlignment;

    /// <summary>S_cls.</summary>
    public Tensor? Class
    {
        get => byClass ??= Part?.Invoke(ScoreParts.Class);
        init => byClass = value;
    }

    /// <summary>S_self.</summary>
    public Tensor? Self
    {
        get => bySelf ??= Part?.Invoke(ScoreParts.Self);
        init => bySelf = value;
    }

    /// <summary>S_token.</summary>
    public Tensor? Alignment
    {
        get => byAlignment ??= Part?.Invoke(ScoreParts.Alignment);
        init => byAlignment = value;
    }

    /// <summary>Gives a part of the mean; null where it is none.</summary>
    internal Func<ScoreParts, Tensor?>? Part { get; init; }

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

/// <summary>The three parts of the token importance score (eq. 4–6) as pure functions over the N candidates. <c>mask</c> is 1 for
/// tokens and 0 for padding, <c>[B, N]</c>; null when all are tokens.</summary>
public static class TokenImportance
{
    private const double Epsilon = 1e-8;

    /// <summary>S_self (eq. 5): the attention a token receives from the others, normalised to sum 1.</summary>
    /// <param name="attention">Attention between candidates, <c>[B, h, N, N]</c>.</param>
    /// <param name="pooling">Maximum over queries (paper) or their sum (released), after the maximum over heads.</param>
    /// <param name="mask">Padding neither gives nor receives.</param>
    public static Tensor Self(Tensor attention, SelfPooling pooling, Tensor? mask = null) =>
        Normalize(Masked(Received(attention.amax([1]), pooling, mask), mask));

    /// <summary>S_cls: the attention of the class token on each token, heads weighted by the norm of their output
    /// there.</summary>
    /// <param name="attention">The class token's attention, <c>[B, h, N]</c>.</param>
    /// <param name="headOutput">Attention output per head, <c>[B, h, N, d_h]</c>.</param>
    /// <param name="normalized">Whether the scores are made to sum 1 (the released code leaves that out).</param>
    /// <param name="mask">Padding is not attended to.</param>
    public static Tensor Class(Tensor attention, Tensor headOutput, bool normalized, Tensor? mask = null)
    {
        var score = Masked(Weighed(attention, headOutput), mask);
        return normalized ? Normalize(score) : score;
    }

    /// <summary>S_token (eq. 6): the strongest claim any learnable token makes on each token, divided by the sum over
    /// tokens.</summary>
    /// <param name="claims">Alignment scores, raw (<c>R</c>, released) or softmaxed (<c>Aᵀ</c>), <c>[B, N, K]</c>.</param>
    /// <param name="mask">Padding is not claimed.</param>
    public static Tensor Alignment(Tensor claims, Tensor? mask = null) => Normalize(Masked(claims.amax([2]), mask));

    /// <summary>Attention of the strongest head, <c>[B, N queries, N]</c>, that each token receives, <c>[B, N]</c>: S_self before
    /// it is normalised.</summary>
    internal static Tensor Received(Tensor strongest, SelfPooling pooling, Tensor? mask)
    {
        var given = mask is null ? strongest : strongest * mask.unsqueeze(2); // [B, N queries, N]
        return pooling == SelfPooling.Sum ? given.sum(1, type: float32) : given.amax([1]).As(float32);
    }

    /// <summary>S_self of a block's attention before it is normalised, <c>[B, N]</c>; with its gradient where one is
    /// recorded.</summary>
    internal static Tensor Received(ReductionContext context, SelfPooling pooling) =>
        pooling == SelfPooling.Sum || context.Record.Reading is null ? Received(context.StrongestAttention, pooling, context.Mask)
            : is_grad_enabled() ? OfStrongestQuery(context)
            : context.Candidates.Take(context.Record.Received).As(float32);

    // Only the query that attends most gets a gradient: once it is known its attention is looked up, which takes less than maxima
    // over whole maps, whose gradients are as large as these.
    private static Tensor OfStrongestQuery(ReductionContext context)
    {
        var (attention, candidates) = (context.Record.Probabilities, context.Candidates); // [B, h, rows, rows]
        Tensor query; // [B, 1, 1, rows]
        using (no_grad())
        {
            var given = candidates.Take(attention.amax([1]), 1); // [B, N queries, rows]
            given = context.Mask is null ? given : given * context.Mask.unsqueeze(2);
            query = candidates.Rows(given.max(1).indexes).unsqueeze(1).unsqueeze(1);
        }

        var received = attention.gather(2, query.expand(-1, attention.shape[1], 1, -1)); // [B, h, 1, rows]
        return candidates.Take(received.amax([1, 2]), 1).As(float32);
    }

    /// <summary>Σ_h a[h, n]·‖o[h, n]‖ / Σ_h ‖o[h, n]‖, <c>[B, N]</c>: S_cls before it is normalised.</summary>
    internal static Tensor Weighed(Tensor attention, Tensor headOutput)
    {
        var norms = headOutput.norm(-1); // [B, h, N]
        return (attention * norms).sum(1) / (norms.sum(1) + Epsilon);
    }

    /// <summary>Scores made to sum 1 over the tokens of each sample, <c>[..., N]</c>.</summary>
    internal static Tensor Normalize(Tensor score) => score / (score.sum(-1, keepdim: true) + Epsilon);

    private static Tensor Masked(Tensor score, Tensor? mask) => mask is null ? score : score * mask;
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

    /// <summary>Whether S_token reads the softmaxed alignment maps; false reads the raw scores, which may be negative
    /// (released).</summary>
    public bool SoftmaxAlignment { get; init; } = true;

    public bool NeedsAlignment => Parts.HasFlag(ScoreParts.Alignment);

    public bool ReadsAttention => (Parts & (ScoreParts.Class | ScoreParts.Self)) != 0;

    /// <summary>The norm of every head's output for S_cls; the strongest head for each query and key for S_self.</summary>
    public PartCost Cost(LayerShape layer) => new(
        (Parts.HasFlag(ScoreParts.Class) ? layer.Tokens * layer.Width : 0)
            + (Parts.HasFlag(ScoreParts.Self) ? layer.Tokens * layer.Tokens : 0));

    /// <exception cref="InvalidOperationException">The encoder has none of the parts in use: no class token, no alignment
    /// guidance.</exception>
    public ImportanceScores Score(ReductionContext context)
    {
        var mask = context.Mask;
        var parts = new List<(ScoreParts Part, Tensor Score)>(); // each [B, N]
        if (Parts.HasFlag(ScoreParts.Class) && context.SummaryAttention is { } summary)
        {
            parts.Add((ScoreParts.Class, TokenImportance.Weighed(summary, context.HeadOutput)));
        }

        if (Parts.HasFlag(ScoreParts.Self))
        {
            parts.Add((ScoreParts.Self, TokenImportance.Received(context, SelfPooling)));
        }

        if (Parts.HasFlag(ScoreParts.Alignment) && context.RawAlignment is { } raw)
        {
            var claims = SoftmaxAlignment ? context.AlignmentMaps!.transpose(1, 2) : raw; // as they lie in memory, [B, N, K]
            parts.Add((ScoreParts.Alignment, claims.amax([2])));
        }

        return parts.Count > 0 ? Mean(parts, mask) : throw new InvalidOperationException(
            $"no score is left to rank tokens by: '{Parts}' needs a class token or alignment guidance, which encoder "
                + $"'{context.Encoder.Name}' does not have");
    }

    // TIS (eq. 4), all parts at once.
    private ImportanceScores Mean(List<(ScoreParts Part, Tensor Score)> parts, Tensor? mask)
    {
        var scores = stack(parts.Select(part => part.Score), 1); // [B, parts, N]
        scores = mask is null ? scores : scores * mask.unsqueeze(1);
        var normalized = TokenImportance.Normalize(scores);
        if (!NormalizeClass && parts[0].Part == ScoreParts.Class)
        {
            normalized = cat([scores.slice(1, 0, 1, 1), normalized.slice(1, 1, parts.Count, 1)], 1);
        }

        return new ImportanceScores(parts.Count == 1 ? normalized.squeeze(1) : normalized.mean([1]))
        {
            Part = wanted => parts.FindIndex(part => part.Part == wanted) is >= 0 and var index ? normalized.select(1, index)
                : null,
        };
    }
}
