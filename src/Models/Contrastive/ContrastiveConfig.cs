namespace Madtp.Kit.Models.Contrastive;

/// <summary>What image-text contrastive training adds to a model: momentum copies and queues of their features. A model that only answers needs none.</summary>
public sealed record ContrastiveConfig
{
    /// <summary>Features each queue holds.</summary>
    public int QueueSize { get; init; } = 57600;

    /// <summary>Share of its own weights that a momentum copy keeps in each step.</summary>
    public double Momentum { get; init; } = 0.995;
}
