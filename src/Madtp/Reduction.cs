using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>Token reduction attached to a model. Attaching swaps no class and copies no weight; disposing gives the plain model
/// back.</summary>
/// <example>
/// <code>
/// using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, temperature: 20);
/// using var trace = reduction.Record();
/// var output = model.Forward(images, ids, mask);
/// trace.Steps[0].TokensPerSample; // tokens each sample keeps after the first block
/// </code>
/// </example>
public sealed class TokenReduction : IDisposable
{
    private readonly IReadOnlyList<ReducibleEncoder> encoders;
    private ReductionTrace? trace;

    private TokenReduction(IReadOnlyList<ReducibleEncoder> encoders, ReductionPolicy policy, double temperature) =>
        (this.encoders, Policy, Temperature) = (encoders, policy, temperature);

    /// <summary>The attached policy; it and T may be changed between forward passes.</summary>
    public ReductionPolicy Policy { get; set; }

    /// <summary>T, the temperature of the learnable threshold.</summary>
    public double Temperature { get; set; }

    /// <summary>Whether alignment features are gathered for L_sim. On by default; switch off where no loss is computed.</summary>
    public bool GatherFeatures { get; set; } = true;

    /// <summary>Whether tokens are taken out. Off leaves alignment features only (Table 3, "w/o DTP").</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Attaches a policy to every encoder of a model that may be reduced.</summary>
    /// <param name="only">Names of the encoders to reduce; all when empty.</param>
    /// <exception cref="InvalidOperationException">A reduction is attached to the model already.</exception>
    /// <exception cref="ArgumentException">The model has no encoder of a name in <paramref name="only"/>.</exception>
    public static TokenReduction Attach(
        IReducibleModel model, ReductionPolicy policy, double temperature = 1, params string[] only)
    {
        var all = model.ReducibleEncoders;
        var unknown = only.Except(all.Select(encoder => encoder.Name)).FirstOrDefault();
        Guard.Argument(unknown is null,
            $"the model has no encoder '{unknown}'; it has {string.Join(", ", all.Select(encoder => encoder.Name))}",
            nameof(only));
        return Attach([.. all.Where(encoder => only.Length == 0 || only.Contains(encoder.Name))], policy, temperature);
    }

    /// <summary>Attaches a policy to encoders, or to single blocks made into one.</summary>
    /// <exception cref="InvalidOperationException">A reduction is attached to a block already.</exception>
    public static TokenReduction Attach(IReadOnlyList<ReducibleEncoder> encoders, ReductionPolicy policy, double temperature = 1)
    {
        var taken = encoders.FirstOrDefault(encoder => encoder.Blocks.Any(block => block.Reducer is not null));
        Guard.State(taken is null, $"encoder '{taken?.Name}' has a token reduction attached already; dispose it first");
        var reduction = new TokenReduction(encoders, policy, temperature);
        foreach (var encoder in encoders)
        {
            for (var layer = 0; layer < encoder.Blocks.Count; layer++)
                encoder.Blocks[layer].Reducer = new BlockReduction(reduction, encoder, layer);
        }

        return reduction;
    }

    /// <summary>Records what happens in every block from now on, until the trace is disposed.</summary>
    /// <exception cref="InvalidOperationException">A trace is being recorded already.</exception>
    public ReductionTrace Record(TraceDetail detail = TraceDetail.Counts)
    {
        Guard.State(trace is null, $"a trace is being recorded already; dispose it first");
        return trace = new ReductionTrace(this, detail);
    }

    /// <summary>Ends a trace, if it is the one being recorded.</summary>
    internal void End(ReductionTrace ended) => trace = trace == ended ? null : trace;

    /// <summary>The trace being recorded, or null. A block that is run again for its gradients has been recorded
    /// already.</summary>
    internal ReductionTrace? Trace => Recomputation.IsAgain ? null : trace;

    /// <summary>Detaches; the model is plain again.</summary>
    public void Dispose()
    {
        foreach (var block in encoders.SelectMany(encoder => encoder.Blocks)
            .Where(block => block.Reducer is BlockReduction mine && mine.Owner == this))
        {
            block.Reducer = null;
        }
    }
}

/// <summary>All that the parts of a policy may look at in one block. N counts the candidates, the tokens that may be
/// pruned.</summary>
/// <param name="Layer">The block's index in its encoder, from 0.</param>
/// <param name="Attended">Every token after the attention residual, <c>[B, rows, D]</c>.</param>
/// <param name="Record">What the attention saw, over all rows.</param>
/// <param name="Candidates">Which rows may be pruned.</param>
public sealed record ReductionContext(
    ReductionPolicy Policy, ReducibleEncoder Encoder, int Layer, TokenState Attended, SelfAttentionRecord Record,
    CandidateRows Candidates)
{
    /// <summary>T, the temperature of the learnable threshold.</summary>
    public double Temperature { get; init; }

    /// <summary>R, raw alignment scores (<c>[B, N, K]</c>); null without alignment guidance.</summary>
    public Tensor? RawAlignment { get; init; }

    /// <summary>A, alignment maps (eq. 2), <c>[B, K, N]</c>; null without alignment guidance.</summary>
    public Tensor? AlignmentMaps
    {
        get => field ??= RawAlignment is null ? null
            : AlignmentGuidance.AttentionMaps(RawAlignment, Encoder.SpaceDict!.shape[1], Candidates.Padding);
        init;
    }

    /// <summary>Candidates that must stay, <c>[B, N]</c> bool; null when none must.</summary>
    public Tensor? Protected { get; init; }

    /// <summary>1 for candidates that are tokens, 0 for padding, <c>[B, N]</c>; null when all are, or padding is not told
    /// apart.</summary>
    public Tensor? Mask => Candidates.Mask;

    /// <summary>The candidates' states, <c>[B, N, D]</c>.</summary>
    public Tensor X => Candidates.Take(Attended.X);

    /// <summary>Attention between candidates of the head that attends most, <c>[B, N, N]</c>, in the precision of the
    /// products.</summary>
    public Tensor StrongestAttention => Candidates.Take(Candidates.Take(Record.Strongest, 1), 2);

    /// <summary>Attention output of each head at the candidates, <c>[B, h, N, d_h]</c>.</summary>
    public Tensor HeadOutput => Candidates.Take(Record.HeadOutput, 2).As(Attended.X.dtype);

    /// <summary>The candidates' keys, <c>[B, h, N, d_h]</c>.</summary>
    public Tensor Keys => Candidates.Take(Record.Keys, 2).As(Attended.X.dtype);

    /// <summary>Attention that the token which stands for the sequence (the class token; the end of a causal text) pays to the
    /// candidates, <c>[B, h, N]</c>; null where no token does.</summary>
    public Tensor? SummaryAttention => Encoder.HasClassToken || Record.Reading?.SummaryRows is not null
        ? Candidates.Take(Record.Summary, 2).As(Attended.X.dtype)
        : null;

    /// <summary>Tokens among the candidates of each sample, <c>[B]</c> int64.</summary>
    public Tensor Available => Mask is null
        ? full([Attended.X.shape[0]], Candidates.Count, dtype: int64, device: Attended.X.device)
        : Mask.sum(1).to(int64);
}

/// <summary>One block's share of a <see cref="TokenReduction"/>: align, score, decide, reduce.</summary>
internal sealed class BlockReduction(TokenReduction owner, ReducibleEncoder encoder, int layer) : IBlockReducer
{
    public TokenReduction Owner => owner;

    public bool ExcludesPadding => owner.Policy.ExcludePadding;

    public AttentionReading? Reads(TokenState input) => Active && owner.Policy.Scorer.ReadsAttention
        ? new AttentionReading(owner.Policy.ProtectEndOfText ? input.EndOfText : null)
        {
            Candidates = input.Candidates, Mask = Told(input), Filled = input.Filled,
            StrongestQuery = owner.Policy.Scorer is not ImportanceScorer { SumSelf: true },
        }
        : null;

    // Which rows hold tokens, as far as the policy tells.
    private Tensor? Told(TokenState tokens) => owner.Policy.ExcludePadding ? tokens.Mask : tokens.Filled;

    private bool Active => owner.Enabled && owner.Policy.Keep.IsActive(owner.Temperature);

    public TokenState Reduce(TokenState input, TokenState attended, SelfAttentionRecord attention)
    {
        var (policy, active) = (owner.Policy, Active);
        var context = Aligned(Look(attended, attention, active), input, active); // eq. 1–3
        if (!active || context.Candidates.Count == 0)
        {
            owner.Trace?.Add(context, context.Attended, null, null, null);
            return context.Attended;
        }

        if (OnePassScores.Of(context) is not (var importance, var wanted))
        {
            importance = policy.Scorer.Score(context); // TIS, eq. 4–6
            wanted = policy.Keep.Decide(importance, context); // θ and M_p, eq. 7–10
        }

        Require(importance.Total, $"the scores of {policy.Scorer}", context);
        Require(wanted.Keep, $"the mask of {policy.Keep}", context);
        var kept = KeptRows.Of(wanted, importance.Total, context);
        var reduced = kept is null ? context.Attended : policy.Reducer.Reduce(importance, kept, context);
        owner.Trace?.Add(context, reduced, importance, wanted, kept);
        return reduced;
    }

    // One for each candidate: an operator would make do with less, or take the next sample's for what is missing.
    private static void Require(Tensor perCandidate, string of, ReductionContext context)
    {
        var (batch, count) = (context.Attended.X.shape[0], context.Candidates.Count);
        Guard.State(perCandidate.shape is [var found, var each] && found == batch && each == count,
            $"{of} must have shape [{batch}, {count}], one number for each candidate, not "
            + $"[{string.Join(", ", perCandidate.shape)}]; see ReductionContext.Candidates");
    }

    private ReductionContext Look(TokenState attended, SelfAttentionRecord attention, bool active)
    {
        var (policy, device) = (owner.Policy, attended.X.device);
        Tensor Rows() => arange(attended.Length, dtype: int64, device: device).unsqueeze(0); // [1, rows]
        var tokens = owner.Trace is { Detail: >= TraceDetail.Positions } && attended.Position is null
            ? attended with { Position = Rows().repeat(attended.X.shape[0], 1) }
            : attended;
        var candidates = CandidateRows.Of(tokens, Told(tokens));
        var context = new ReductionContext(policy, encoder, layer, tokens, attention, candidates)
        {
            Temperature = owner.Temperature,
            Protected = policy.ProtectEndOfText && tokens.EndOfText is { } end ? candidates.Take(Rows() == end.unsqueeze(1))
                : null,
        };
        return active && layer == 0 ? context with { Attended = tokens with { Entered = context.Available } } : context;
    }

    // Alignment reads the block's input.
    private ReductionContext Aligned(ReductionContext context, TokenState input, bool active)
    {
        if (encoder.SpaceDict is not { } learnable || !((active && owner.Policy.NeedsAlignment) || owner.GatherFeatures))
            return context;

        var (map, candidates) = (encoder.Blocks[layer].QueryModel, context.Candidates);
        var mapped = owner.GatherFeatures ? map?.forward(input.X) ?? input.X : null; // V' of every row, [B, rows, d_k]
        var raw = candidates.Take(mapped is null ? AlignmentGuidance.RawScores(input.X, map, learnable)
            : AlignmentGuidance.RawScores(mapped, learnable)); // [B, N, K]
        context = context with { RawAlignment = raw };
        if (mapped is null)
            return context;

        var feature = AlignmentGuidance.Features(context.AlignmentMaps!, candidates.Take(mapped)); // [B, K, d_k]
        feature = owner.Policy.SumFeatures ? feature : feature / encoder.Blocks.Count;
        feature = context.Attended.AlignmentFeature is { } before ? before + feature : feature;
        return context with { Attended = context.Attended with { AlignmentFeature = feature } };
    }
}
