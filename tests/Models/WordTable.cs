using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>A language model whose next word depends on the last two words alone; it remembers its texts, so that a search's bookkeeping shows.</summary>
internal sealed class WordTable : INextWord
{
    private readonly float[] scores;
    private readonly int words;
    private List<long[]> texts = [];

    public WordTable(int seed, int words, double spread = 2)
    {
        this.words = words;
        var random = new Random(seed);
        scores = [.. Enumerable.Range(0, words * words * words).Select(_ => (float)(spread * ((2 * random.NextDouble()) - 1)))];
    }

    public float[] After(IReadOnlyList<long> text) =>
        scores.AsSpan((int)(((text.Count > 1 ? text[^2] : 0) * words) + text[^1]) * words, words).ToArray();

    public double LogProbability(IReadOnlyList<long> text, long word)
    {
        var after = After(text);
        return after[word] - Math.Log(after.Sum(s => Math.Exp(s)));
    }

    public Tensor Begin(Tensor prompts)
    {
        texts = [.. prompts.data<long>().ToArray().Chunk((int)prompts.shape[1])];
        return Scores();
    }

    public Tensor Next(Tensor newest, Tensor? rows)
    {
        var from = rows is null ? [.. Enumerable.Range(0, texts.Count)] : rows.data<long>().ToArray().Select(row => (int)row).ToArray();
        texts = [.. newest.data<long>().ToArray().Select((word, i) => (long[])[.. texts[from[i]], word])];
        return Scores();
    }

    private Tensor Scores() => tensor(texts.SelectMany(After).ToArray(), [texts.Count, words]);
}
