namespace Madtp.Kit.Metrics;

/// <summary>Which version of the official VQA evaluation.</summary>
public enum VqaVersion
{
    /// <summary>The current one (2021): answers are normalized only where the ten people did not all write the same.</summary>
    Current,

    /// <summary>The one of 2016, which LAVIS still carries: predictions are always normalized, people's answers only in their punctuation.</summary>
    From2016,
}
