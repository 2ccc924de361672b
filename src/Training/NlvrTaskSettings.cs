namespace Madtp.Kit.Training;

/// <summary>What training BLIP NLVR2 is told besides how long and how fast.</summary>
public sealed record NlvrTaskSettings
{
    /// <summary>α, weight of the alignment loss.</summary>
    public double AlignmentWeight { get; init; } = 0.1;

    /// <summary>Weight of the loss on what each patch shows; 0 trains on the answers alone.</summary>
    public double PatchWeight { get; init; }

    /// <summary>Weight of the loss on how many of what words name are in the images (0 to 3); 0 leaves it out.</summary>
    public double WordWeight { get; init; }

    /// <summary>Share of the plain model's multiply-accumulates that a reduced model may use; null reduces nothing.</summary>
    public double? MacShare { get; init; }

    /// <summary>Training examples that the temperature is calibrated on, the first of the split.</summary>
    public int CalibrationPairs { get; init; } = 200;

    /// <summary>Calibrations in an epoch, evenly spread.</summary>
    public int CalibrationsPerEpoch { get; init; } = 2;

    /// <summary>Examples that are scored at once; less memory where images are large.</summary>
    public int EvaluationBatch { get; init; } = 100;
}
