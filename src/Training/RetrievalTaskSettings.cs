namespace Madtp.Kit.Training;

/// <summary>What training a retrieval model is told besides how long and how fast.</summary>
public sealed record RetrievalTaskSettings : BudgetSettings
{
    /// <summary>Weight of the momentum copies in the contrastive targets, reached at the end of the first epoch.</summary>
    public double Distillation { get; init; } = 0.4;
}
