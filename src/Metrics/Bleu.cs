using Madtp.Kit.Text;

namespace Madtp.Kit.Metrics;

/// <summary>Runs of one to four words, counted. Words are split at white space as Python's <c>str.split</c> does.</summary>
internal sealed class Ngrams
{
    public const int Longest = 4;

    private readonly Dictionary<string, int> words = new(StringComparer.Ordinal);

    /// <summary>A run: the numbers of its words, 0 after its end.</summary>
    internal readonly record struct Run(int First, int Second, int Third, int Fourth)
    {
        public int Length => Fourth != 0 ? 4 : Third != 0 ? 3 : Second != 0 ? 2 : 1;
    }

    /// <summary>The runs of one sentence with their counts, shorter runs first.</summary>
    public Counted Count(string sentence)
    {
        var numbers = PythonText.Split(sentence).ConvertAll(NumberOf);
        var runs =
            from length in Enumerable.Range(1, Longest)
            from i in Enumerable.Range(0, Math.Max(0, numbers.Count - length + 1))
            select new Run(numbers[i], length > 1 ? numbers[i + 1] : 0, length > 2 ? numbers[i + 2] : 0,
                length > 3 ? numbers[i + 3] : 0);
        return new Counted(numbers.Count, runs.CountBy(run => run).ToDictionary());
    }

    private int NumberOf(string word)
    {
        words.TryAdd(word, words.Count + 1);
        return words[word];
    }

    /// <summary>A sentence's length in words and its runs.</summary>
    internal sealed record Counted(int Words, Dictionary<Run, int> Runs);
}

/// <summary>BLEU-1 to BLEU-4 (Papineni et al. 2002) as COCO computes them: the closest length, of two the shorter.</summary>
public static class Bleu
{
    // Keep a score of nothing at nothing, and divisions defined.
    private const double Tiny = 1e-15;
    private const double Small = 1e-9;

    /// <summary>Scores a corpus.</summary>
    /// <returns>BLEU-1 to BLEU-4, index 0 to 3, of the corpus and of each image in the order given.</returns>
    /// <exception cref="ArgumentException">An image has no reference.</exception>
    public static (IReadOnlyList<double> Corpus, IReadOnlyList<IReadOnlyList<double>> PerImage) Compute(
        IReadOnlyList<TokenizedCaption> captions)
    {
        Counts[] images = [.. captions.Select(Count)];
        long[] Sums(Func<Counts, long[]> of) =>
            [.. Enumerable.Range(0, Ngrams.Longest).Select(n => images.Sum(image => of(image)[n]))];
        var corpus = new Counts(images.Sum(image => image.TestLength), images.Sum(image => image.ReferenceLength),
            Sums(image => image.Guessed), Sums(image => image.Correct));
        return (Scores(corpus), [.. images.Select(Scores)]);
    }

    private static Counts Count(TokenizedCaption caption)
    {
        Guard.Argument(caption.References.Count != 0, $"image {caption.ImageId} has no reference caption", nameof(caption));
        var ngrams = new Ngrams();
        var test = ngrams.Count(caption.Hypothesis);
        var references = caption.References.Select(ngrams.Count).ToArray();
        var correct = new long[Ngrams.Longest];
        foreach (var (run, count) in test.Runs)
            correct[run.Length - 1] += Math.Min(count, references.Max(reference => reference.Runs.GetValueOrDefault(run)));

        var closest = references.Select(reference => reference.Words).Order().MinBy(words => Math.Abs(words - test.Words));
        long[] guessed = [.. Enumerable.Range(0, Ngrams.Longest).Select(n => (long)Math.Max(0, test.Words - n))];
        return new Counts(test.Words, closest, guessed, correct);
    }

    private static double[] Scores(Counts counts)
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

    /// <summary>What BLEU is computed from.</summary>
    /// <param name="TestLength">Words in the generated captions.</param>
    /// <param name="ReferenceLength">Words in the references closest in length.</param>
    /// <param name="Guessed">Runs of one to four words in the generated captions.</param>
    /// <param name="Correct">How many of them a reference has too.</param>
    private sealed record Counts(long TestLength, long ReferenceLength, long[] Guessed, long[] Correct);
}
