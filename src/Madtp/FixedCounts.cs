using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

/// <summary>Counts that follow from the number of tokens that entered the encoder alone, not from what they show. The count after
/// every layer is the real-valued schedule, rounded once: roundings do not add up, and a small turn of the ratio changes one
/// layer by one token, so that a budget can be met closely.</summary>
/// <param name="Schedule">Same number or same share in every reducing layer.</param>
/// <param name="KeepRatio">Share of its tokens that the first reducing layer keeps, for each modality, in (0, 1]; 1 where absent.
/// Later layers remove the same number again (<see cref="CountSchedule.SameNumber"/>) or keep the same share
/// (<see cref="CountSchedule.SameShare"/>).</param>
public sealed record ScheduledCountRule(CountSchedule Schedule, IReadOnlyDictionary<Modality, double> KeepRatio) : IKeepRule
{
    /// <summary>Number of reducing layers, spread evenly over the encoder as <see cref="IsStage"/> says; null for every
    /// layer.</summary>
    public int? Stages { get; init; }

    /// <summary>A rule for images and text; for both alike where text has no ratio of its own.</summary>
    /// <exception cref="ArgumentException">A ratio is not in (0, 1].</exception>
    public static ScheduledCountRule Of(CountSchedule schedule, double imageRatio, double? ratioOfText = null)
    {
        var textRatio = ratioOfText ?? imageRatio;
        foreach (var ratio in new[] { imageRatio, textRatio })
        {
            Guard.Argument(ratio > 0 && ratio <= 1,
                $"a keep ratio lies above 0 and is at most 1 (everything stays), not {ratio}", nameof(imageRatio));
        }

        return new ScheduledCountRule(
            schedule, new Dictionary<Modality, double> { [Modality.Image] = imageRatio, [Modality.Text] = textRatio });
    }

    /// <summary>Whether a layer reduces when <paramref name="stages"/> layers do: of 12 layers and 3 stages those of index 3, 6
    /// and 9.</summary>
    /// <param name="layer">Index of the layer, from 0.</param>
    public static bool IsStage(int layer, int depth, int stages) =>
        Enumerable.Range(1, stages).Any(stage => stage * depth / (stages + 1) == layer);

    /// <summary>Share of the entering tokens that a schedule leaves after some reducing layers.</summary>
    /// <param name="ratio">Share that the first keeps.</param>
    public static double Share(CountSchedule schedule, double ratio, int reducedLayers) => schedule == CountSchedule.SameNumber
        ? Math.Max(0, 1 - ((1 - ratio) * reducedLayers))
        : Math.Pow(ratio, reducedLayers);

    public PartCost Cost(LayerShape layer) => default;

    public PruneMask Decide(ImportanceScores importance, ReductionContext context)
    {
        using var off = no_grad();
        var depth = context.Encoder.Blocks.Count;
        var reduced = Stages is { } stages
            ? Enumerable.Range(0, context.Layer + 1).Count(layer => IsStage(layer, depth, stages))
            : context.Layer + 1;
        var available = context.Available;
        if (Stages is { } some && !IsStage(context.Layer, depth, some))
        {
            return PruneMask.Top(available, importance.Total, context);
        }

        var share = Share(Schedule, KeepRatio.GetValueOrDefault(context.Encoder.Modality, 1), reduced);
        var entered = (context.Attended.Entered ?? available).to(float64);
        return PruneMask.Top(((entered * share) + 0.5).floor().to(int64).minimum(available), importance.Total, context);
    }
}

/// <summary>How the number of kept tokens falls from layer to layer.</summary>
public enum CountSchedule
{
    /// <summary>Every reducing layer removes the same number of tokens.</summary>
    SameNumber,
    /// <summary>Every reducing layer keeps the same share of the tokens still there.</summary>
    SameShare,
}

/// <summary>What becomes of the numbers of tokens that a dynamic rule gives the samples of a batch.</summary>
public enum CountSharing
{
    /// <summary>Every sample keeps the batch's mean share: a static schedule with the rule's own mean counts.</summary>
    Mean,
    /// <summary>Every sample keeps the share that the rule gives its neighbour: the same numbers, of other samples.</summary>
    Permuted,
}

/// <summary>The control experiment of dynamic pruning: another rule decides how many tokens go on in each layer, but not for
/// whom. Ranking and reduction stay as they are; the share of a sample's tokens is what is shared, so that texts of all lengths
/// can.</summary>
/// <remarks>Outputs depend on batch mates. In a batch of one nothing changes.</remarks>
/// <param name="Inner">The rule whose numbers are taken.</param>
public sealed record SharedCountRule(IKeepRule Inner, CountSharing Sharing) : IKeepRule
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
        shares = Sharing == CountSharing.Mean ? shares.mean() : shares.roll(1, 0);
        var counts = ((available * shares) + 0.5).floor().to(int64);
        return PruneMask.Top(counts, importance.Total, context) with { Thresholds = wanted.Thresholds };
    }
}
