using Madtp.Kit.Models;

namespace Madtp.Kit.Pruning;

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
