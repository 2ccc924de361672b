namespace Madtp.Kit.Metrics;

/// <summary>BLEU-1 to BLEU-4 (Papineni et al. 2002) as COCO's caption evaluation computes them: the closest reference's length, ties to the shorter.</summary>
public static class Bleu
{
    // Keep a score of nothing at nothing, and divisions defined.
    private const double Tiny = 1e-15;
    private const double Small = 1e-9;

    /// <summary>Scores a corpus.</summary>
    /// <param name="captions">The images' captions.</param>
    /// <returns>BLEU of the corpus, of each image, and the counts they come from.</returns>
    /// <exception cref="ArgumentException">An image has no reference.</exception>
    public static BleuResult Compute(IReadOnlyList<TokenizedCaption> captions)
    {
        var perImage = new double[captions.Count][];
        var (guessed, correct) = (new long[Ngrams.Longest], new long[Ngrams.Longest]);
        var (testLength, referenceLength) = (0L, 0L);
        for (var i = 0; i < captions.Count; i++)
        {
            var counts = Count(captions[i]);
            perImage[i] = Scores(counts);
            testLength += counts.TestLength;
            referenceLength += counts.ReferenceLength;
            for (var n = 0; n < Ngrams.Longest; n++)
            {
                guessed[n] += counts.Guessed[n];
                correct[n] += counts.Correct[n];
            }
        }

        var totals = new BleuCounts(testLength, referenceLength, guessed, correct);
        return new BleuResult(Scores(totals), perImage, totals);
    }

    private static BleuCounts Count(TokenizedCaption caption)
    {
        if (caption.References.Count == 0)
        {
            throw new ArgumentException($"image {caption.ImageId} has no reference caption", nameof(caption));
        }

        var ngrams = new Ngrams();
        var test = ngrams.Count(caption.Hypothesis);
        var references = caption.References.Select(ngrams.Count).ToArray();
        var correct = new long[Ngrams.Longest];
        foreach (var (run, count) in test.Runs)
        {
            correct[run.Length - 1] += Math.Min(count, references.Max(reference => reference.Runs.GetValueOrDefault(run)));
        }

        var closest = references.Select(reference => reference.Words).Order().MinBy(words => Math.Abs(words - test.Words));
        return new BleuCounts(test.Words, closest, [.. Enumerable.Range(0, Ngrams.Longest).Select(n => (long)Math.Max(0, test.Words - n))], correct);
    }

    private static double[] Scores(BleuCounts counts)
    {
        var ratio = (counts.TestLength + Tiny) / (counts.ReferenceLength + Small);
        var brevity = ratio < 1 ? Math.Exp(1 - (1 / ratio)) : 1;
        var scores = new double[Ngrams.Longest];
        var product = 1.0;
        for (var n = 0; n < Ngrams.Longest; n++)
        {
            product *= (counts.Correct[n] + Tiny) / (counts.Guessed[n] + Small);
            scores[n] = Math.Pow(product, 1.0 / (n + 1)) * brevity;
        }

        return scores;
    }
}
