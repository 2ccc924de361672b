using static TorchSharp.torch;

namespace Madtp.Kit.Madtp;

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
