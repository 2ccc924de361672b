namespace Madtp.Kit.Metrics;

/// <summary>CIDEr-D (Vedantam et al. 2015) as COCO's caption evaluation computes it: σ = 6, clipped, times 10, document
/// frequencies from the references given.</summary>
public static class CiderD
{
    private const double Sigma = 6;

    /// <summary>Scores each image; the corpus's score is their mean.</summary>
    /// <param name="captions">The images' captions; their references make the document frequencies.</param>
    /// <returns>A score in [0, 10] for each image.</returns>
    public static IReadOnlyList<double> Compute(IReadOnlyList<TokenizedCaption> captions)
    {
        var ngrams = new Ngrams();
        var references = captions.Select(caption => caption.References.Select(ngrams.Count).ToArray()).ToArray();
        var logImages = Math.Log(captions.Count);
        var ofImages = references.SelectMany(image => image.SelectMany(reference => reference.Runs.Keys).Distinct());
        var documents = ofImages.CountBy(run => run).ToDictionary(); // how many images have a run in a reference
        return [.. captions.Select((caption, image) =>
        {
            var hypothesis = Weigh(ngrams.Count(caption.Hypothesis));
            var sum = references[image].Select(Weigh).Sum(reference => Similarity(hypothesis, reference));
            return 10 * (sum / Ngrams.Longest) / references[image].Length;
        })];

        // Term frequency times inverse document frequency, a document being all references of an image.
        Vector Weigh(Ngrams.Counted caption)
        {
            var weights = new Dictionary<Ngrams.Run, double>(caption.Runs.Count);
            var norms = new double[Ngrams.Longest];
            foreach (var (run, count) in caption.Runs)
            {
                var weight = count * (logImages - Math.Log(Math.Max(1, documents.GetValueOrDefault(run))));
                weights.Add(run, weight);
                norms[run.Length - 1] += weight * weight;
            }

            return new Vector(weights, [.. norms.Select(Math.Sqrt)], Math.Max(0, caption.Words - 1));
        }
    }

    /// <summary>The sum over run lengths of clipped cosine times the penalty for another length.</summary>
    private static double Similarity(Vector hypothesis, Vector reference)
    {
        var products = new double[Ngrams.Longest];
        foreach (var (run, weight) in hypothesis.Weights)
        {
            if (reference.Weights.TryGetValue(run, out var other))
                products[run.Length - 1] += Math.Min(weight, other) * other;
        }

        double difference = hypothesis.Bigrams - reference.Bigrams;
        var penalty = Math.Exp(-(difference * difference) / (2 * Sigma * Sigma));
        var sum = 0.0;
        for (var n = 0; n < Ngrams.Longest; n++)
        {
            var norm = hypothesis.Norms[n] * reference.Norms[n];
            sum += (norm != 0 ? products[n] / norm : products[n]) * penalty;
        }

        return sum;
    }

    /// <summary>A caption's weights, their norm for each run length, and its length, which is its number of bigrams.</summary>
    private sealed record Vector(Dictionary<Ngrams.Run, double> Weights, double[] Norms, int Bigrams);
}
