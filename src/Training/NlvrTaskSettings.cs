namespace Madtp.Kit.Training;

/// <summary>What training BLIP NLVR2 is told besides how long and how fast.</summary>
public sealed record NlvrTaskSettings : BudgetSettings
{
    /// <summary>Pairs that the dial is calibrated on: <see cref="BudgetSettings.CalibrationExamples"/>, whose examples are pairs here.</summary>
    public int CalibrationPairs
    {
        get => CalibrationExamples;
        init => CalibrationExamples = value;
    }

    /// <summary>Examples that are scored at once; less memory where images are large.</summary>
    public int EvaluationBatch { get; init; } = 100;
}
