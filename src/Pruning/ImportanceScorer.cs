using static TorchSharp.torch;

namespace Madtp.Kit.Pruning;

/// <summary>MADTP's scorer: the mean of class, self and alignment attention (eq. 4), each switchable.</summary>
public sealed record ImportanceScorer : ITokenScorer
{
    /// <summary>The parts in use.</summary>
    public ScoreParts Parts { get; init; } = ScoreParts.All;

    /// <summary>How S_self pools over queries.</summary>
    public SelfPooling SelfPooling { get; init; } = SelfPooling.Max;

    /// <summary>Whether S_cls is made to sum 1 like the other two.</summary>
    public bool NormalizeClass { get; init; } = true;

    /// <summary>Whether S_token reads the softmaxed alignment maps; false reads the raw scores, which may be negative (released).</summary>
    public bool SoftmaxAlignment { get; init; } = true;

    /// <inheritdoc/>
    public bool NeedsAlignment => Parts.HasFlag(ScoreParts.Alignment);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Alignment attention is asked for in a model without alignment guidance and no other part is in use.</exception>
    public ImportanceScores Score(ReductionContext context)
    {
        var attention = context.Attention;
        var byClass = Parts.HasFlag(ScoreParts.Class)
            ? TokenImportance.Class(attention.Probabilities, attention.HeadOutput, context.SummaryRow, NormalizeClass, context.Real)
            : null;
        var bySelf = Parts.HasFlag(ScoreParts.Self) ? TokenImportance.Self(attention.Probabilities, SelfPooling, context.Real) : null;
        var byAlignment = Parts.HasFlag(ScoreParts.Alignment) ? AlignmentScore(context) : null;
        Tensor[] parts = [.. new[] { byClass, bySelf, byAlignment }.OfType<Tensor>()];
        if (parts.Length == 0)
        {
            throw new InvalidOperationException($"no score is left to rank tokens by: '{Parts}' needs alignment guidance, which encoder '{context.Encoder.Name}' does not have");
        }

        var total = parts[0];
        for (var i = 1; i < parts.Length; i++)
        {
            total = total + parts[i];
        }

        return new ImportanceScores(total / parts.Length, byClass, bySelf, byAlignment);
    }

    private Tensor? AlignmentScore(ReductionContext context)
    {
        if (context.RawAlignment is null)
        {
            return null;
        }

        return TokenImportance.Alignment(SoftmaxAlignment ? context.AlignmentMaps!.transpose(1, 2) : context.RawAlignment, context.Real);
    }
}
