namespace Madtp.Kit.Training;

/// <summary>What training a retrieval model is told besides how long and how fast.</summary>
public sealed record RetrievalTaskSettings
{
    /// <summary>α, weight of the alignment loss.</summary>
    public double AlignmentWeight { get; init; } = 0.1;

    /// <summary>Weight of the momentum copies in the contrastive targets, reached at the end of the first epoch.</summary>
    public double Distillation { get; init; } = 0.4;

    /// <summary>Weight of the loss on what each patch shows; 0 trains on the pairs alone.</summary>
    public double PatchWeight { get; init; }

    /// <summary>Share of the plain model's multiply-accumulates that a reduced model may use; null reduces nothing.</summary>
    public double? MacShare { get; init; }

    /// <summary>Training captions that the temperature is calibrated on, the first of the split.</summary>
    public int CalibrationPairs { get; init; } = 200;

    /// <summary>Calibrations in an epoch, evenly spread.</summary>
    public int CalibrationsPerEpoch { get; init; } = 2;
}
