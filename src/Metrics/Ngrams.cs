using System.Runtime.InteropServices;
using Madtp.Kit.Text;

namespace Madtp.Kit.Metrics;

/// <summary>Runs of one to four words, counted. Words are split at white space as Python's <c>str.split</c> does.</summary>
internal sealed class Ngrams
{
    /// <summary>The longest run.</summary>
    public const int Longest = 4;

    private readonly Dictionary<string, int> words = new(StringComparer.Ordinal);

    /// <summary>A run: the numbers of its words, 0 after its end.</summary>
    internal readonly record struct Run(int First, int Second, int Third, int Fourth)
    {
        /// <summary>How many words it has.</summary>
        public int Length => Fourth != 0 ? 4 : Third != 0 ? 3 : Second != 0 ? 2 : 1;
    }

    /// <summary>The runs of one sentence with their counts, shorter runs first.</summary>
    public Counted Count(string sentence)
    {
        var numbers = PythonText.Split(sentence).ConvertAll(NumberOf);
        var counts = new Dictionary<Run, int>();
        for (var length = 1; length <= Longest; length++)
        {
            for (var i = 0; i + length <= numbers.Count; i++)
            {
                var run = new Run(numbers[i], length > 1 ? numbers[i + 1] : 0, length > 2 ? numbers[i + 2] : 0, length > 3 ? numbers[i + 3] : 0);
                CollectionsMarshal.GetValueRefOrAddDefault(counts, run, out _)++;
            }
        }

        return new Counted(numbers.Count, counts);
    }

    private int NumberOf(string word)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(words, word, out _);
        if (number == 0)
        {
            number = words.Count;
        }

        return number;
    }

    /// <summary>A sentence's length in words and its runs.</summary>
    internal sealed record Counted(int Words, Dictionary<Run, int> Runs);
}
