namespace Madtp.Kit.Pruning;

/// <summary>
/// Ranks tokens by how little they resemble another (ToMe). Every second token may go; its importance is minus the similarity to
/// the most similar of the others, which all stay (importance +∞).
/// </summary>
public sealed record BipartiteScorer : ITokenScorer
{
    /// <inheritdoc/>
    public ImportanceScores Score(ReductionContext context)
    {
        var keys = ToMe.Metric(context.Attention.Keys).slice(1, 1, context.Attended.Length, 1); // [B, N, d_h]
        var (similarity, destination) = ToMe.Match(keys, context.Real, context.Protected);
        return new ImportanceScores(similarity.neg()) { Match = new TokenMatch { Destination = destination } };
    }
}
