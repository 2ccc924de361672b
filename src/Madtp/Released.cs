using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>Everything that sets the authors' released code apart from <see cref="ReductionPolicy.Fixed"/>, one thing at a time,
/// so that an ablation shows what each is worth.</summary>
public static class ReleasedDefects
{
    /// <summary>All of them: the numbered defects in order, then the differences in formulas.</summary>
    public static IReadOnlyList<ReleasedDefect> All { get; } =
    [
        Flip(1, "batch mates",
            "Every sample of a batch keeps as many tokens as the one that keeps most; the kit lets each keep its own number.",
            Ours with { Layout = BatchLayout.MaxKeep }),
        Flip(2, "misplaced masks",
            "The NLVR2 text encoder gathers masks by importance while tokens stand in another order, so a mask can belong to "
                + "another token; the kit gathers all per-token state at once. Shows only where padding may be kept.",
            Ours with { MisplacedMasks = true, ExcludePadding = false }),
        Flip(3, "end of text",
            "CLIP's kept text tokens are reordered under a causal mask that is only cut to length, and the feature is read at "
                + "the original end-of-text position, which works because nothing before the end is ever pruned; the kit keeps "
                    + "the order and follows the end. Needs max-keep and unmasked padding to show at all.", Ours with
        {
            ProtectEndOfText = false, ExcludePadding = false, Order = TokenOrder.Importance, Layout = BatchLayout.MaxKeep,
            KeepAllBelowFloor = true,
        }),
        new(4, "unmasked questions",
            "Cross-attention ignores its mask, so VQA's decoder attends to padded question tokens; the kit honours the mask."),
        new(5, "copies of the class token",
            "Re-ranking fills shorter images up with unmasked copies of their class token; the kit reads every image by its "
                + "own tokens."),
        new(6, "borrowed momentum",
            "CLIP's momentum text encoder runs the online transformer and final norm; the kit's has copies of its own."),
        new(7, "task loss as alignment loss",
            "Where nothing is aligned the alignment term is the task loss itself, which makes the total 1.1 times as large; "
                + "the kit's is zero."),
        new(8, "temperature by steps",
            "The temperature takes a table's step each epoch and may never meet the budget; the kit bisects on a fixed "
                + "calibration split."),
        new(9, "selection on the test split",
            "The best epoch is chosen by its test score, with up to 19% of slack on the budget; the kit chooses by validation, "
                + "without slack."),
        new(10, "averages over fewer batches",
            "Batches whose cost could not be counted are skipped but still divided by; the kit skips nothing."),
        Flip(11, "no floor",
            "Nothing keeps a sample from losing all tokens but the class token and the merged one; the kit keeps at least one "
                + "more.", Ours with { MinKeep = 0 }),
        new(12, "order by the device",
            "Kept tokens stand in the order of an unsorted top-k, which no two devices share, and CLIP reads a text's feature "
                + "at a place: the same weights and texts give other features on a GPU than on a CPU; the kit keeps the order "
                    + "of positions."),
        Flip(null, "padding counts", "Padding is scored, counted and merged like any token; the kit leaves it out everywhere.",
            Ours with { ExcludePadding = false }),
        Flip(null, "class score unnormalised",
            "S_cls is not made to sum 1, so it weighs as much as its attention; the kit normalises all three scores.",
            Ours with { Scorer = new ImportanceScorer { NormalizeClass = false } }),
        Flip(null, "self score summed", "S_self sums the attention that a token receives; the paper takes the maximum.",
            Ours with { Scorer = new ImportanceScorer { SumSelf = true } }),
        Flip(null, "raw alignment scores",
            "S_token reads raw, unscaled products that may be negative; the paper reads the softmaxed maps.",
            Ours with { Scorer = new ImportanceScorer { SoftmaxAlignment = false } }),
        Flip(null, "softmax threshold",
            "The threshold weighs by softmax of R/T, larger T pruning more; the paper by sparsemax of T·A, larger T pruning "
                + "less.", Ours with { Keep = new LearnableThresholdRule(Softmax: true) }),
        Flip(null, "features summed",
            "The layers' alignment features are summed before the loss; the kit averages them. The loss is a cosine, which "
                + "does not see the difference.", Ours with { SumFeatures = true }),
    ];

    /// <summary>Those that a policy holds.</summary>
    public static IEnumerable<ReleasedDefect> InPolicies => All.Where(defect => defect.Policy is not null);

    private static ReductionPolicy Ours => ReductionPolicy.Fixed;

    private static ReleasedDefect Flip(int? number, string name, string sentence, ReductionPolicy policy) =>
        new(number, name, sentence, policy with { Name = $"MADTP, {name}" });
}

/// <summary>One way in which the authors' released code departs from its text, or from what its text must mean.</summary>
/// <param name="Number">Its number in the kit's list of defects; null for a difference that is no defect by itself.</param>
/// <param name="Sentence">What the released code does, and what the kit does instead.</param>
/// <param name="Policy">The kit's default policy with this one thing as released; null where it is no matter of a policy.</param>
public sealed record ReleasedDefect(int? Number, string Name, string Sentence, ReductionPolicy? Policy = null);

/// <summary>How the released code looks for the temperature (defect 8), beside <see cref="BudgetSearch"/> for comparison: once
/// per epoch it takes a step whose size depends on how far the cost of the validation split lies from the target.</summary>
/// <remarks>The table expects the cost to fall as the temperature rises, which holds for the released softmax threshold but not
/// for the paper's sparsemax. Its steps are absolute, whatever the temperature, and nothing keeps it from going below zero, where
/// the released policy prunes nothing. In the released VQA script the cost is never measured again: <see cref="Walk"/> with a
/// constant cost is what it does.</remarks>
public static class ReleasedTemperatureSteps
{
    private const double Start = 1; // the temperature of the first epoch
    private const double TableScale = 132.54e9; // multiply-accumulates of BLIP on NLVR2, for which the table was written
    private const double SmallestStep = 0.01;

    private static readonly (double Distance, double Step)[] Table = [(30e9, 1), (10e9, 0.5), (5e9, 0.25), (1e9, 0.1)];

    /// <summary>The next epoch's temperature.</summary>
    /// <param name="macs">What this epoch cost.</param>
    /// <param name="target">The cost wanted.</param>
    /// <param name="plain">The plain model's cost, positive: distances scale with it.</param>
    public static double Next(double temperature, double macs, double target, double plain)
    {
        Guard.Argument(plain > 0, $"the plain model's cost must be positive, not {plain}", nameof(plain));
        var distance = Math.Abs(macs - target) / plain * TableScale;
        var step = Table.FirstOrDefault(row => distance > row.Distance, (0, SmallestStep)).Step;
        return macs > target ? temperature + step : temperature - step;
    }

    /// <summary>Temperatures and costs of all epochs, 15 in the released NLVR2 script. A trained model changes in between; here
    /// the cost at a temperature is the given function's.</summary>
    public static IReadOnlyList<CalibrationPoint> Walk(Func<double, double> macs, double target, double plain, int epochs = 15)
    {
        var points = new List<CalibrationPoint>();
        for (var temperature = Start; points.Count < epochs; temperature = Next(temperature, points[^1].Cost, target, plain))
            points.Add(new CalibrationPoint(temperature, macs(temperature)));

        return points;
    }
}

/// <summary>Orders of the kept tokens in which the reference tensors were recorded.</summary>
internal static class ReleasedOrders
{
    /// <summary>[class, kept] in the policy's order, <c>[B, count + 1]</c> int64.</summary>
    /// <param name="ranked">TIS, <c>[B, N]</c>.</param>
    public static Tensor Rows(Tensor ranked, long count, ReductionContext context)
    {
        // MED takes its top k + 1 in one go and splits off the last, so that the k-th has no special place.
        var oneMore = context.Encoder.MaskGather == MaskGather.WithTokens;
        var kept = TokenRanking.Order(ranked).slice(1, 0, count, 1); // [B, count]
        var index = context.Policy.Order switch
        {
            TokenOrder.Importance => kept,
            TokenOrder.LeastImportantLast when oneMore => kept.sort(1).Values,
            TokenOrder.LeastImportantLast =>
                cat([kept.slice(1, 0, count - 1, 1).sort(1).Values, kept.slice(1, count - 1, count, 1)], 1),
            TokenOrder.LibraryOnCpu => Unsorted(ranked.cpu()).to(ranked.device),
            _ => Unsorted(ranked),
        };
        Tensor Unsorted(Tensor values) =>
            values.topk((int)count + (oneMore ? 1 : 0), sorted: false).indexes.slice(1, 0, count, 1);
        return cat([zeros_like(index.slice(1, 0, 1, 1)), index + 1], 1);
    }
}

/// <summary>Padding masks as the released code carries them (defect 2); null where the policy or the encoder carries them with
/// their tokens.</summary>
internal static class ReleasedMasks
{
    /// <summary>By descending importance, whatever the order of the tokens (NLVR2 text encoder), <c>[B, N']</c>.</summary>
    public static Tensor? Gather(KeptRows kept, TokenState tokens, ReductionContext context) =>
        context.Policy.MisplacedMasks && tokens.Mask is { } mask && context.Encoder.MaskGather == MaskGather.ByImportance
            ? mask.gather(1, cat([zeros_like(kept.Ranking!.slice(1, 0, 1, 1)),
                kept.Ranking.slice(1, 0, kept.Rows.shape[1] - 1, 1) + 1], 1))
            : null;

    /// <summary>The merged token takes the mask of the most important pruned one, <c>[B, 1]</c>.</summary>
    /// <param name="any">1 where any token was merged, <c>[B, 1]</c>.</param>
    public static Tensor? OfMerged(KeptRows kept, Tensor any, TokenState tokens, ReductionContext context) =>
        context.Policy.MisplacedMasks && tokens.Mask is { } mask && kept.Ranking is { } ranking
            ? any * mask.gather(1, ranking.gather(1, kept.Keep.sum(1, keepdim: true).clamp_max(context.Candidates.Count - 1)) + 1)
            : null;
}
