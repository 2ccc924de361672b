namespace Madtp.Kit.Training;

/// <summary>What the encoders' matrix products are computed in while training. Weights and the optimizer are float32 always.</summary>
public enum TrainingPrecision
{
    /// <summary>float32 throughout.</summary>
    Float32,

    /// <summary>Mixed precision: products in bfloat16. For GPUs that have it in hardware; on a CPU it works, but slower than float32.</summary>
    BFloat16,
}
