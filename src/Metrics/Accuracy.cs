namespace Madtp.Kit.Metrics;

/// <summary>The part of the predictions that are right.</summary>
public static class Accuracy
{
    /// <summary>Compares predicted classes with the true ones.</summary>
    /// <returns>A number in [0, 1].</returns>
    /// <exception cref="ArgumentException">There are none, or not as many of one as of the other.</exception>
    public static double Of(ReadOnlySpan<long> predicted, ReadOnlySpan<long> labels)
    {
        if (predicted.Length != labels.Length || labels.IsEmpty)
        {
            throw new ArgumentException($"{predicted.Length} predictions cannot be scored against {labels.Length} labels");
        }

        var right = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            right += predicted[i] == labels[i] ? 1 : 0;
        }

        return (double)right / labels.Length;
    }

    /// <summary>Takes each row's highest score for the prediction; of equal scores the first.</summary>
    /// <param name="scores">Scores of the classes, <c>[B, C]</c> in row-major order.</param>
    /// <param name="labels">The true classes, <c>[B]</c>.</param>
    /// <returns>A number in [0, 1].</returns>
    /// <exception cref="ArgumentException">The scores do not fill B equal rows.</exception>
    public static double OfScores(ReadOnlySpan<float> scores, ReadOnlySpan<long> labels)
    {
        if (labels.IsEmpty || scores.Length % labels.Length != 0 || scores.IsEmpty)
        {
            throw new ArgumentException($"{scores.Length} scores are not so many for each of {labels.Length} labels");
        }

        var classes = scores.Length / labels.Length;
        var predicted = new long[labels.Length];
        for (var row = 0; row < predicted.Length; row++)
        {
            var best = 0;
            for (var column = 1; column < classes; column++)
            {
                best = scores[(row * classes) + column] > scores[(row * classes) + best] ? column : best;
            }

            predicted[row] = best;
        }

        return Of(predicted, labels);
    }
}
