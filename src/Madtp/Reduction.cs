using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>
/// Token reduction attached to a model. Attaching swaps no class and copies no weight; disposing gives the plain model back.
/// </summary>
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

    private TokenReduction(IReadOnlyList<ReducibleEncoder> encoders, ReductionPolicy policy, double temperature)
    {
        this.encoders = encoders;
        Policy = policy;
        Temperature = temperature;
    }

    /// <summary>The attached policy; may be changed between forward passes.</summary>
    public ReductionPolicy Policy { get; set; }

    /// <summary>T, the temperature of the learnable threshold; may be changed between forward passes.</summary>
    public double Temperature { get; set; }

    /// <summary>Whether alignment features are gathered for L_sim. On by default; switch off where no loss is computed.</summary>
    public bool GatherFeatures { get; set; } = true;

    /// <summary>Whether tokens are taken out. Off leaves alignment features only (Table 3, "w/o DTP").</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Attaches a policy to every encoder of a model that may be reduced.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="policy">What to do in each block.</param>
    /// <param name="temperature">T.</param>
    /// <param name="only">Names of the encoders to reduce; all when empty.</param>
    /// <exception cref="InvalidOperationException">A reduction is attached to the model already.</exception>
    /// <exception cref="ArgumentException">The model has no encoder of a name in <paramref name="only"/>.</exception>
    public static TokenReduction Attach(IReducibleModel model, ReductionPolicy policy, double temperature = 1, params string[] only)
    {
        var all = model.ReducibleEncoders;
        foreach (var name in only.Where(name => all.All(encoder => encoder.Name != name)))
        {
            throw new ArgumentException($"the model has no encoder '{name}'; it has {string.Join(", ", all.Select(encoder => encoder.Name))}", nameof(only));
        }

        return Attach([.. all.Where(encoder => only.Length == 0 || only.Contains(encoder.Name))], policy, temperature);
    }

    /// <summary>Attaches a policy to encoders, or to single blocks made into one.</summary>
    /// <exception cref="InvalidOperationException">A reduction is attached to a block already.</exception>
    public static TokenReduction Attach(IReadOnlyList<ReducibleEncoder> encoders, ReductionPolicy policy, double temperature = 1)
    {
        if (encoders.FirstOrDefault(encoder => encoder.Blocks.Any(block => block.Reducer is not null)) is { } taken)
        {
            throw new InvalidOperationException($"encoder '{taken.Name}' has a token reduction attached already; dispose it first");
        }

        var reduction = new TokenReduction(encoders, policy, temperature);
        foreach (var encoder in encoders)
        {
            for (var layer = 0; layer < encoder.Blocks.Count; layer++)
            {
                encoder.Blocks[layer].Reducer = new BlockReduction(reduction, encoder, layer);
            }
        }

        return reduction;
    }

    /// <summary>Records what happens in every block from now on, until the trace is disposed.</summary>
    /// <exception cref="InvalidOperationException">A trace is being recorded already.</exception>
    public ReductionTrace Record(TraceDetail detail = TraceDetail.Counts)
    {
        if (trace is not null)
        {
            throw new InvalidOperationException("a trace is being recorded already; dispose it first");
        }

        trace = new ReductionTrace(this, detail, () => trace = null);
        return trace;
    }

    /// <summary>The trace being recorded, or null. A block that is run again for its gradients has been recorded already.</summary>
    internal ReductionTrace? Trace => Recomputation.IsAgain ? null : trace;

    /// <summary>Detaches; the model is plain again.</summary>
    public void Dispose()
    {
        foreach (var block in encoders.SelectMany(encoder => encoder.Blocks))
        {
            if (block.Reducer is BlockReduction mine && mine.Owner == this)
            {
                block.Reducer = null;
            }
        }
    }
}

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
