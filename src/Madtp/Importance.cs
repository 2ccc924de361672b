using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>The token importance score TIS (eq. 4) and its parts, each <c>[B, N]</c> over the candidates; a part not in use is
/// null.</summary>
/// <param name="Total">TIS, mean of the parts in use; higher stays, and +∞ stays whatever the keep rule says.</param>
public sealed record ImportanceScores(Tensor Total)
{
    /// <summary>S_cls.</summary>
    public Tensor? Class => Part(ScoreParts.Class);

    /// <summary>S_self.</summary>
    public Tensor? Self => Part(ScoreParts.Self);

    /// <summary>S_token.</summary>
    public Tensor? Alignment => Part(ScoreParts.Alignment);

    /// <summary>Where each token may go, from scorers that match tokens; null from others.</summary>
    public TokenMatch? Match { get; init; }

    /// <summary>Each part, as scorers give it that have any.</summary>
    public Func<ScoreParts, Tensor?> Part { get; init; } = _ => null;
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

/// <summary>The three parts of the token importance score (eq. 5 and 6) as pure functions over the N candidates, before
/// <see cref="Normalize"/> makes them comparable.</summary>
public static class TokenImportance
{
    private const double Epsilon = 1e-8;

    /// <summary>S_cls: Σ_h a[h, n]·‖o[h, n]‖ / Σ_h ‖o[h, n]‖, the attention of the class token on each token, heads weighted by
    /// the norm of their output there.</summary>
    /// <param name="attention">The class token's attention, <c>[B, h, N]</c>.</param>
    /// <param name="headOutput">Attention output per head, <c>[B, h, N, d_h]</c>.</param>
    public static Tensor Class(Tensor attention, Tensor headOutput)
    {
        var norms = headOutput.norm(-1); // [B, h, N]
        return (attention * norms).sum(1) / (norms.sum(1) + Epsilon); // [B, N]
    }

    /// <summary>S_self (eq. 5): the attention that a token receives from the others.</summary>
    /// <param name="strongest">Attention of the strongest head between candidates, <c>[B, N queries, N]</c>.</param>
    /// <param name="sum">Sums over queries, as the released code does; the paper takes the maximum.</param>
    /// <param name="mask">1 for tokens and 0 for padding, which gives none, <c>[B, N]</c>; null when all are tokens.</param>
    public static Tensor Self(Tensor strongest, bool sum = false, Tensor? mask = null)
    {
        var given = mask is null ? strongest : strongest * mask.unsqueeze(2); // [B, N queries, N]
        return sum ? given.sum(1, type: float32) : given.amax([1]).As(float32); // [B, N]
    }

    /// <summary>S_token (eq. 6): the strongest claim that any learnable token makes on each token.</summary>
    /// <param name="claims">Alignment scores, softmaxed (<c>Aᵀ</c>) or raw (<c>R</c>, released), <c>[B, N, K]</c>.</param>
    public static Tensor Alignment(Tensor claims) => claims.amax([2]); // [B, N]

    /// <summary>Scores made to sum 1 over the tokens of each sample, <c>[..., N]</c>.</summary>
    public static Tensor Normalize(Tensor score) => score / (score.sum(-1, keepdim: true) + Epsilon);

    /// <summary>S_self of a block's attention, with its gradient where one is recorded.</summary>
    internal static Tensor Self(ReductionContext context, bool sum = false) =>
        sum || context.Record.Reading is null ? Self(context.StrongestAttention, sum, context.Mask)
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
}

/// <summary>MADTP's scorer: the mean of class, self and alignment attention (eq. 4), each switchable.</summary>
public sealed record ImportanceScorer : ITokenScorer
{
    /// <summary>The parts in use.</summary>
    public ScoreParts Parts { get; init; } = ScoreParts.All;

    /// <summary>Whether S_self sums the attention of all queries (released); else it is the greatest.</summary>
    public bool SumSelf { get; init; }

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
        var parts = new List<(ScoreParts Part, Tensor Score)>(); // each [B, N]
        if (Parts.HasFlag(ScoreParts.Class) && context.SummaryAttention is { } summary)
            parts.Add((ScoreParts.Class, TokenImportance.Class(summary, context.HeadOutput)));

        if (Parts.HasFlag(ScoreParts.Self))
            parts.Add((ScoreParts.Self, TokenImportance.Self(context, SumSelf)));

        if (Parts.HasFlag(ScoreParts.Alignment) && context.RawAlignment is { } raw)
        {
            var claims = SoftmaxAlignment ? context.AlignmentMaps!.transpose(1, 2) : raw; // as they lie in memory, [B, N, K]
            parts.Add((ScoreParts.Alignment, TokenImportance.Alignment(claims)));
        }

        Guard.State(parts.Count > 0,
            $"no score is left to rank tokens by: '{Parts}' needs a class token or alignment guidance, which encoder "
                + $"'{context.Encoder.Name}' does not have");
        var scores = stack(parts.Select(part => part.Score), 1); // [B, parts, N], to be normalised all at once
        scores = context.Mask is null ? scores : scores * context.Mask.unsqueeze(1);
        var normalized = TokenImportance.Normalize(scores);
        if (!NormalizeClass && parts[0].Part == ScoreParts.Class)
            normalized = cat([scores.slice(1, 0, 1, 1), normalized.slice(1, 1, parts.Count, 1)], 1);

        return new ImportanceScores(parts.Count == 1 ? normalized.squeeze(1) : normalized.mean([1]))
        {
            Part = wanted => parts.FindIndex(part => part.Part == wanted) is >= 0 and var index ? normalized.select(1, index)
                : null,
        };
    }
}
