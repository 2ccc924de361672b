namespace Madtp.Kit.Models.Clip;

/// <summary>Which features CLIP's training keeps in its queues.</summary>
public enum QueuedFeatures
{
    /// <summary>Those of the momentum copies, so that a queue changes slowly.</summary>
    Momentum,

    /// <summary>Those of the encoders that learn (released).</summary>
    Online,
}
