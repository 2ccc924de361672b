namespace Madtp.Kit.Pruning;

/// <summary>How the alignment features of an encoder's layers become one.</summary>
public enum FeaturePooling
{
    /// <summary>Averaged.</summary>
    Mean,

    /// <summary>Summed (released).</summary>
    Sum,
}
