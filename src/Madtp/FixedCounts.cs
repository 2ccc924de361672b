using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>Counts that follow from the number of tokens that entered the encoder alone, not from what they show. The count after
/// every layer is the real-valued schedule, rounded once: roundings do not add up, and a small turn of the ratio changes one
/// layer by one token, so that a budget can be met closely.</summary>
/// <param name="ImageRatio">Share of its tokens that the first reducing layer of an image keeps; later layers remove the same
/// number again.</param>
/// <param name="TextRatio">The same for text.</param>
/// <param name="SameShare">Later layers keep the same share of the tokens still there, instead.</param>
public sealed record ScheduledCountRule(double ImageRatio, double TextRatio, bool SameShare) : IKeepRule
{
    /// <summary>Number of reducing layers, spread evenly: of 12 layers and 3 stages those of index 3, 6 and 9. Null for every
    /// layer.</summary>
    public int? Stages { get; init; }

    /// <summary>A rule for keep ratios of images and of text, in (0, 1], where 1 leaves all; for both alike where text has no
    /// ratio of its own.</summary>
    /// <exception cref="ArgumentException">A ratio is not in (0, 1].</exception>
    public static ScheduledCountRule Of(double keepRatio, double? textKeepRatio, bool sameShare = false)
    {
        var rule = new ScheduledCountRule(keepRatio, textKeepRatio ?? keepRatio, sameShare);
        foreach (var ratio in new[] { rule.ImageRatio, rule.TextRatio })
        {
            Guard.Argument(ratio > 0 && ratio <= 1,
                $"a keep ratio lies above 0 and is at most 1 (everything stays), not {ratio}", nameof(keepRatio));
        }

        return rule;
    }

    public PartCost Cost(LayerShape layer) => default;

    public PruneMask Decide(ImportanceScores importance, ReductionContext context)
    {
        using var off = no_grad();
        var (depth, available) = (context.Encoder.Blocks.Count, context.Available);
        var stages = Stages is { } some ? Enumerable.Range(1, some).Select(stage => stage * depth / (some + 1)).Distinct()
            : Enumerable.Range(0, depth);
        if (!stages.Contains(context.Layer))
            return PruneMask.Top(available, importance.Total, context);

        var reduced = stages.Count(layer => layer <= context.Layer);
        var ratio = context.Encoder.Modality == Modality.Text ? TextRatio : ImageRatio;
        var share = SameShare ? Math.Pow(ratio, reduced) : Math.Max(0, 1 - ((1 - ratio) * reduced));
        var entered = (context.Attended.Entered ?? available).to(float64);
        return PruneMask.Top(((entered * share) + 0.5).floor().to(int64).minimum(available), importance.Total, context);
    }
}

/// <summary>The control experiment of dynamic pruning: another rule decides how many tokens go on in each layer, but not for
/// whom. Ranking and reduction stay as they are; the share of a sample's tokens is what is shared, so that texts of all lengths
/// can.</summary>
/// <remarks>Outputs depend on batch mates. In a batch of one nothing changes.</remarks>
/// <param name="Inner">The rule whose numbers are taken.</param>
/// <param name="Permuted">Every sample keeps the share of its neighbour: the same numbers, of other samples. Else all keep the
/// batch's mean share: a static schedule with the rule's own mean counts.</param>
public sealed record SharedCountRule(IKeepRule Inner, bool Permuted) : IKeepRule
{
    public bool NeedsAlignment => Inner.NeedsAlignment;

    public bool IsActive(double temperature) => Inner.IsActive(temperature);

    public PartCost Cost(LayerShape layer) => Inner.Cost(layer);

    public PruneMask Decide(ImportanceScores importance, ReductionContext context)
    {
        using var off = no_grad();
        var wanted = Inner.Decide(importance, context);
        var available = context.Available.to(float64); // [B]
        var shares = wanted.Counts.to(float64) / available.clamp_min(1);
        shares = Permuted ? shares.roll(1, 0) : shares.mean();
        var counts = ((available * shares) + 0.5).floor().to(int64);
        return PruneMask.Top(counts, importance.Total, context) with { Thresholds = wanted.Thresholds };
    }
}
