using Madtp.Kit.Models.Blip;
using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

/// <summary>What single NLVR2 examples cost, by the tokens that a reduction left them.</summary>
/// <param name="config">The model's sizes.</param>
/// <param name="accounting">What is counted.</param>
public sealed class NlvrRunCosts(BlipConfig config, Accounting accounting = Accounting.Paper)
{
    private const int MostRemembered = 20_000;

    private readonly Dictionary<int, MacLedger> whole = [];
    private readonly NlvrRunCosts? regular = config.Vision.PrunedWidths is null && config.Text.PrunedWidths is null ? null : new(config.Uncompressed, accounting: accounting);
    private readonly Dictionary<(ReductionPolicy Policy, string Counts), long> reduced = [];

    /// <summary>
    /// Multiply-accumulates of the plain model on a statement of some tokens. Where parameters were taken out,
    /// that is the regular model it was cut out of.
    /// </summary>
    public long Dense(int textTokens) => regular?.Dense(textTokens) ?? Whole(textTokens);

    /// <summary>Multiply-accumulates of this model, with the widths that it has, on a statement of some tokens.</summary>
    public long Whole(int textTokens) => Ledger(textTokens).Total(accounting);

    /// <summary>
    /// Multiply-accumulates of each pair of a batch that was traced.
    /// </summary>
    /// <param name="trace">The steps of one forward pass.</param>
    /// <param name="textLengths">Tokens of each statement, padding left out.</param>
    /// <exception cref="ArgumentException">The trace is not that of one forward pass over these statements.</exception>
    public IReadOnlyList<long> PerPair(ReductionTrace trace, IReadOnlyList<int> textLengths)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(textLengths);
        var (vision, text) = (trace.Of("visual_encoder"), trace.Of("text_encoder"));
        if (vision.Count is not 0 && vision.Count != config.Vision.Depth || text.Count is not 0 && text.Count != config.Text.Layers)
        {
            throw new ArgumentException($"the trace has {vision.Count} image and {text.Count} text steps; one pass of this model has {config.Vision.Depth} and {config.Text.Layers}. Clear the trace between passes", nameof(trace));
        }

        var pairs = textLengths.Count;
        var lengths = PairCosts.TextLengths(trace.Policy, text, textLengths);
        return [.. Enumerable.Range(0, pairs).Select(pair => Pair(
            Counts(vision, pair),
            Counts(vision, pairs + pair),
            text.Count == 0 ? null : Counts(text, pair),
            lengths[pair],
            trace.Policy))];
    }

    /// <summary>The same as a share of what the plain model computes for the pair.</summary>
    /// <inheritdoc cref="PerPair"/>
    public IReadOnlyList<double> Shares(ReductionTrace trace, IReadOnlyList<int> textLengths) =>
        [.. PerPair(trace, textLengths).Zip(textLengths, (macs, length) => (double)macs / Dense(length))];

    private static int[] Counts(IReadOnlyList<ReductionStep> steps, int sample) => [.. steps.Select(step => step.TokensPerSample[sample])];

    private long Pair(int[] left, int[] right, int[]? text, int textTokens, ReductionPolicy policy)
    {
        var key = (policy, $"{textTokens}|{string.Join(',', left)}|{string.Join(',', right)}|{(text is null ? string.Empty : string.Join(',', text))}");
        if (!reduced.TryGetValue(key, out var macs))
        {
            var counts = new TokenCounts(left.Length == 0 ? [] : [left, right], text);
            macs = Ledger(textTokens).WithTokens(counts, policy).Total(accounting);
            if (reduced.Count >= MostRemembered)
            {
                reduced.Clear(); // a long training meets millions of different counts
            }

            reduced[key] = macs;
        }

        return macs;
    }

    private MacLedger Ledger(int textTokens)
    {
        if (!whole.TryGetValue(textTokens, out var ledger))
        {
            ledger = MacLedger.For(BlipCosts.Nlvr(config, textTokens));
            whole[textTokens] = ledger;
        }

        return ledger;
    }
}
