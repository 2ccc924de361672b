using Madtp.Kit.Alignment;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>One block's share of a <see cref="TokenReduction"/>: align, score, decide, select, reduce.</summary>
internal sealed class BlockReduction(TokenReduction owner, ReducibleEncoder encoder, int layer) : IBlockReducer
{
    /// <summary>The reduction it belongs to.</summary>
    public TokenReduction Owner => owner;

    /// <inheritdoc/>
    public bool ExcludesPadding => owner.Policy.ExcludePadding;

    /// <inheritdoc/>
    public TokenState Reduce(TokenState input, TokenState attended, SelfAttentionRecord attention)
    {
        var policy = owner.Policy;
        var tokens = WithPositions(attended);
        var real = (policy.ExcludePadding ? tokens.Mask : tokens.Filled)?.slice(1, 1, tokens.Length, 1);
        var active = owner.Enabled && policy.Keep.IsActive(owner.Temperature);
        if (active && layer == 0)
        {
            tokens = tokens with { Entered = real is null ? full([tokens.X.shape[0]], tokens.Length - 1, dtype: int64, device: tokens.X.device) : real.sum(1).to(int64) };
        }

        var context = new ReductionContext(encoder, layer, tokens, attention)
        {
            Temperature = owner.Temperature,
            Real = real,
            SummaryRow = policy.ProtectEndOfText ? tokens.EndOfText : null,
            Protected = policy.ProtectEndOfText ? EndOfTextMask(tokens) : null,
        };
        if (encoder.SpaceDict is not null && ((active && policy.NeedsAlignment) || owner.GatherFeatures))
        {
            (context, tokens) = Align(context, input, tokens, real);
        }

        if (!active)
        {
            owner.Trace?.Add(context, tokens, null, null, null);
            return tokens;
        }

        var importance = policy.Scorer.Score(context);
        var decision = policy.Keep.Decide(importance, context);
        var selection = TokenSelector.Select(importance.Total, decision.Counts, context, policy);
        var reduced = selection is null ? tokens : policy.Reducer.Reduce(tokens, importance, selection, context, policy);
        owner.Trace?.Add(context, reduced, importance, decision, selection);
        return reduced;
    }

    // Alignment reads the block's input, without its class token.
    private (ReductionContext Context, TokenState Tokens) Align(ReductionContext context, TokenState input, TokenState tokens, Tensor? real)
    {
        var learnable = encoder.SpaceDict!;
        var candidates = input.X.slice(1, 1, input.Length, 1); // [B, N, D]
        var mapped = encoder.Blocks[layer].QueryModel?.forward(candidates) ?? candidates; // [B, N, d_k]
        var raw = AlignmentGuidance.RawScores(mapped, learnable); // [B, N, K]
        var maps = AlignmentGuidance.AttentionMaps(raw, learnable.shape[1], real); // [B, K, N]
        if (owner.GatherFeatures)
        {
            var feature = AlignmentGuidance.Features(maps, mapped); // [B, K, d_k]
            if (owner.Policy.Features == FeaturePooling.Mean)
            {
                feature = feature / encoder.Blocks.Count;
            }

            tokens = tokens with { AlignmentFeature = tokens.AlignmentFeature is { } before ? before + feature : feature };
        }

        return (context with { Attended = tokens, RawAlignment = raw, AlignmentMaps = maps }, tokens);
    }

    private TokenState WithPositions(TokenState tokens)
    {
        if (owner.Trace is not { Detail: >= TraceDetail.Positions } || tokens.Position is not null)
        {
            return tokens;
        }

        var (batch, length) = (tokens.X.shape[0], tokens.X.shape[1]);
        return tokens with { Position = arange(length, dtype: int64, device: tokens.X.device).unsqueeze(0).repeat(batch, 1) };
    }

    private static Tensor? EndOfTextMask(TokenState tokens)
    {
        if (tokens.EndOfText is null)
        {
            return null;
        }

        var rows = arange(1, tokens.Length, dtype: int64, device: tokens.X.device).unsqueeze(0); // [1, N]
        return rows == tokens.EndOfText.unsqueeze(1);
    }
}
