namespace Madtp.Kit.Metrics;

/// <summary>Recall in percent: how often a right answer is among the first one, five, ten.</summary>
/// <param name="TextAt1">Captions found for images.</param>
/// <param name="TextAt5">Captions found for images.</param>
/// <param name="TextAt10">Captions found for images.</param>
/// <param name="ImageAt1">Images found for captions.</param>
/// <param name="ImageAt5">Images found for captions.</param>
/// <param name="ImageAt10">Images found for captions.</param>
public sealed record RecallScores(double TextAt1, double TextAt5, double TextAt10, double ImageAt1, double ImageAt5, double ImageAt10)
{
    /// <summary>The mean of the three recalls of captions.</summary>
    public double TextMean => (TextAt1 + TextAt5 + TextAt10) / 3;

    /// <summary>The mean of the three recalls of images.</summary>
    public double ImageMean => (ImageAt1 + ImageAt5 + ImageAt10) / 3;

    /// <summary>The mean of both.</summary>
    public double Mean => (TextMean + ImageMean) / 2;
}
