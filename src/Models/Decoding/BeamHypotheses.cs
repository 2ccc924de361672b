namespace Madtp.Kit.Models.Decoding;

/// <summary>The best finished texts of one image in a beam search.</summary>
internal sealed class BeamHypotheses(GenerationSettings settings)
{
    private readonly List<(double Score, long[] Text)> finished = [];
    private double worst = 1e9;

    /// <summary>Adds a finished text, without its end, if it is among the best.</summary>
    /// <param name="text">Its tokens.</param>
    /// <param name="logProbability">Their summed log-probability.</param>
    public void Add(long[] text, double logProbability)
    {
        var score = Normalized(logProbability, text.Length);
        if (finished.Count >= settings.Beams && score <= worst)
        {
            return;
        }

        finished.Add((score, text));
        if (finished.Count > settings.Beams)
        {
            finished.Remove(finished.MinBy(one => one.Score));
            worst = finished.Min(one => one.Score);
        }
        else
        {
            worst = Math.Min(worst, score);
        }
    }

    /// <summary>Whether no text that goes on can be better than those that are finished.</summary>
    /// <param name="bestGoing">The highest log-probability among the step's candidates.</param>
    /// <param name="length">Tokens before the step's word.</param>
    public bool AreFinal(double bestGoing, int length) =>
        finished.Count >= settings.Beams && (settings.EarlyStopping || worst >= Normalized(bestGoing, length));

    /// <summary>The best text; of equally good ones the last that was found.</summary>
    public long[] Best() => finished.Aggregate((best, one) => one.Score >= best.Score ? one : best).Text;

    private double Normalized(double logProbability, int length) => logProbability / Math.Pow(length, settings.LengthPenalty);
}
