namespace Madtp.Kit.Pruning;

/// <summary>How alignment scores become weights over tokens in the learnable threshold.</summary>
public enum ThresholdNormalization
{
    /// <summary>Softmax of R/T (released code). T = 0 switches pruning off.</summary>
    Softmax,

    /// <summary>Sparsemax of T·A (eq. 7–8).</summary>
    Sparsemax,
}
