using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

/// <summary>Ledgers of image-text pairs, each made once.</summary>
/// <param name="accounting">What is counted.</param>
/// <param name="regular">The regular model on a text of some tokens.</param>
/// <param name="actual">The model with the widths that it has.</param>
internal sealed class PairCosts(Accounting accounting, Func<int, CostModel> regular, Func<int, CostModel> actual)
{
    private readonly Dictionary<int, long> dense = [];
    private readonly Dictionary<int, long> whole = [];
    private readonly Dictionary<(ReductionPolicy Policy, string Counts), long> reduced = [];

    /// <summary>The regular model on a text of some tokens.</summary>
    public long Dense(int textTokens) => Total(dense, regular, textTokens);

    /// <summary>The model with the widths that it has on a text of some tokens.</summary>
    public long Whole(int textTokens) => Total(whole, actual, textTokens);

    /// <summary>A reduced pair, made once for each method and set of counts.</summary>
    public long Reduced(int textTokens, ReductionPolicy method, Func<long> total, params int[]?[] counts)
    {
        var key = (method, $"{textTokens}|{string.Join('|', counts.Select(count => count is null ? "-" : string.Join(',', count)))}");
        if (!reduced.TryGetValue(key, out var macs))
        {
            macs = total();
            reduced[key] = macs;
        }

        return macs;
    }

    /// <summary>Tokens that each text is encoded with: all that it is padded to, where the policy takes padding for tokens.</summary>
    /// <param name="policy">What reduced them.</param>
    /// <param name="steps">The text encoder's steps, none where it is not reduced.</param>
    /// <param name="real">Tokens of each text, padding left out.</param>
    public static IReadOnlyList<int> TextLengths(ReductionPolicy policy, IReadOnlyList<ReductionStep> steps, IReadOnlyList<int> real) =>
        policy.ExcludePadding || steps.Count == 0 ? real : steps[0].TokensBefore;

    /// <summary>Counts of one sample after each layer; null where the encoder is not reduced.</summary>
    public static int[]? Counts(IEnumerable<ReductionStep> steps, int sample)
    {
        int[] counts = [.. steps.Select(step => step.TokensPerSample[sample])];
        return counts.Length == 0 ? null : counts;
    }

    private long Total(Dictionary<int, long> known, Func<int, CostModel> model, int textTokens)
    {
        if (!known.TryGetValue(textTokens, out var macs))
        {
            macs = MacLedger.For(model(textTokens)).Total(accounting);
            known[textTokens] = macs;
        }

        return macs;
    }
}
