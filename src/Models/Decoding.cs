using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>How a text is generated. The defaults are those of BLIP's captioning: 3 beams, 5 to 20 tokens.</summary>
/// <remarks>Lengths count all tokens, the prompt included, as in Hugging Face's <c>generate</c>, which scored the released
/// models.</remarks>
public sealed record GenerationSettings
{
    /// <summary>Most tokens of a text.</summary>
    public int MaxLength { get; init; } = 20;

    /// <summary>Tokens before which a text must not end.</summary>
    public int MinLength { get; init; } = 5;

    /// <summary>Texts that beam search carries along for each image; 1 is greedy search.</summary>
    public int Beams { get; init; } = 3;

    /// <summary>Above 1, words that a text has already are less likely to come again: log-probabilities below 0 are multiplied by
    /// it, scores above 0 divided.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Beam search ranks finished texts by log-probability / length^penalty.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>Whether beam search ends an image's search as soon as it has as many finished texts as beams, without looking for
    /// better ones.</summary>
    public bool EarlyStopping { get; init; }

    /// <summary>Draws words at random instead of searching; null searches.</summary>
    public SamplingSettings? Sampling { get; init; }

    /// <summary>Id that ends a text: [SEP].</summary>
    public long EndId { get; init; } = 102;

    /// <summary>Id that fills short texts up: [PAD].</summary>
    public long PaddingId { get; init; }

    /// <summary>BLIP's captioning by nucleus sampling: p = 0.9, repetition penalty 1.1.</summary>
    /// <param name="seed">Equal seeds give equal captions.</param>
    public static GenerationSettings Nucleus(long seed) =>
        new() { Beams = 1, RepetitionPenalty = 1.1, Sampling = new SamplingSettings { Seed = seed } };

    /// <summary>BLIP's free answers to questions: 3 beams, 1 to 10 tokens.</summary>
    public static GenerationSettings Answer { get; } = new() { MaxLength = 10, MinLength = 1 };

    /// <summary>Checks the settings against a prompt.</summary>
    /// <exception cref="ArgumentException">A setting makes no sense; the message says which.</exception>
    internal void Check(long promptLength)
    {
        Guard.Argument(Beams >= 1, $"beams must be at least 1, not {Beams}");
        Guard.Argument(promptLength >= 1, $"a prompt has at least one token, the one that begins a text");
        Guard.Argument(MaxLength > promptLength,
            $"a prompt of {promptLength} tokens leaves no room in a text of at most {MaxLength}");
        Guard.Argument(RepetitionPenalty > 0,
            $"the repetition penalty must be above 0, not {RepetitionPenalty}");
        Guard.Argument(Sampling is null || Beams == 1, $"sampling draws one text at a time; it takes 1 beam");
        Guard.Argument(Sampling is null or { TopP: > 0 and <= 1, TopK: >= 0, Temperature: > 0 },
            $"sampling takes 0 < p ≤ 1, k ≥ 0 and a temperature above 0, not {Sampling}");
    }
}

/// <summary>How words are drawn at random. The defaults are those of BLIP's nucleus sampling in Hugging Face's
/// <c>generate</c>.</summary>
public sealed record SamplingSettings
{
    /// <summary>p: words are drawn from the smallest set of likeliest words whose probabilities reach it.</summary>
    public double TopP { get; init; } = 0.9;

    /// <summary>k: words are drawn from the k likeliest at most; 0 sets no limit. BLIP's <c>generate</c> takes 50.</summary>
    public int TopK { get; init; } = 50;

    /// <summary>Scores are divided by it; below 1 likely words become likelier.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Equal seeds draw equal words.</summary>
    public long Seed { get; init; }
}

/// <summary>Generates texts from a language model by greedy search, beam search or sampling. The rules are those of Hugging Face
/// transformers 4.15, the version that BLIP was released and scored with.</summary>
public static class TextGeneration
{
    /// <summary>Generates one text for each prompt.</summary>
    /// <param name="model">The language model; for beam search it serves <see cref="GenerationSettings.Beams"/> texts for each
    /// prompt.</param>
    /// <param name="prompts">Prompts, <c>[B, n]</c> int64, all of one length.</param>
    /// <returns>Token ids, prompt and end included, padded after their end, <c>[B, N]</c> int64.</returns>
    /// <exception cref="ArgumentException">The settings make no sense for these prompts.</exception>
    public static Tensor Generate(INextWord model, Tensor prompts, GenerationSettings settings)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Check(prompts.shape[1]);
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var texts = settings.Beams > 1 ? new BeamSearch(model, settings).Run(prompts) : new WordByWord(model, settings)
            .Run(prompts);
        return texts.MoveToOuterDisposeScope();
    }
}

/// <summary>A language model as decoding sees it: it scores the next word of texts that grow word by word.</summary>
public interface INextWord
{
    /// <summary>Begins with prompts <c>[B, n]</c> int64 and returns scores of their next words, <c>[B, V]</c>.</summary>
    Tensor Begin(Tensor prompts);

    /// <summary>Goes on with one more word each.</summary>
    /// <param name="words">The newest words, <c>[B]</c> int64.</param>
    /// <param name="rows">Which text each goes on from, <c>[B]</c> int64; null when each goes on from its own.</param>
    /// <returns>Scores of the next words, <c>[B, V]</c>.</returns>
    Tensor Next(Tensor words, Tensor? rows);
}

/// <summary>A text decoder that goes on word by word. Keys and values of the image are computed once, whatever the number of
/// beams and steps, and those of earlier words are kept; the scores are those of reading each text anew.</summary>
public sealed class CachedDecoder : INextWord, IDisposable
{
    private readonly TextDecoder decoder;
    private readonly ImageContext read;
    private readonly DecoderCache cache;

    /// <summary>Computes the keys and values of what is read: b images for B texts, each image a run of B / b.</summary>
    public CachedDecoder(TextDecoder decoder, ImageContext read)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        this.decoder = decoder;
        this.read = decoder.Project(read);
        cache = new DecoderCache(decoder.Config.Layers);
    }

    public Tensor Begin(Tensor prompts) => decoder.Step(prompts, cache, read);

    public Tensor Next(Tensor words, Tensor? rows)
    {
        if (rows is not null)
        {
            cache.Reorder(rows);
        }

        return decoder.Step(words.unsqueeze(1), cache, read);
    }

    public void Dispose() => cache.Dispose();
}

/// <summary>Generation that settles each word at once: the likeliest (greedy search), or one drawn at random.</summary>
internal sealed class WordByWord(INextWord model, GenerationSettings settings)
{
    /// <summary>Prompts <c>[B, n]</c> to texts <c>[B, N]</c>.</summary>
    public Tensor Run(Tensor prompts)
    {
        using var generator = settings.Sampling is { } sampling ? new Generator((ulong)sampling.Seed) : null;
        var texts = prompts;
        var going = ones([prompts.shape[0]], dtype: ScalarType.Bool, device: prompts.device);
        var scores = model.Begin(prompts);
        while (true)
        {
            using var scope = NewDisposeScope();
            var chosen = Choose(WordRules.Apply(scores, texts, settings), generator); // [B]
            var words = chosen.where(going, full_like(chosen, settings.PaddingId));
            texts = cat([texts, words.unsqueeze(1)], 1).MoveToOuterDisposeScope();
            going = going.logical_and(words.ne(settings.EndId)).MoveToOuterDisposeScope();
            if (texts.shape[1] >= settings.MaxLength || !going.any().item<bool>())
            {
                return texts;
            }

            scores.Dispose();
            scores = model.Next(words, null).MoveToOuterDisposeScope();
        }
    }

    private Tensor Choose(Tensor scores, Generator? generator) => generator is null
        ? scores.argmax(1)
        : WordRules.Narrowed(scores, settings.Sampling!).softmax(1).cpu().multinomial(1, true, generator).squeeze(1).to(
            scores.device);
}

/// <summary>What generation changes in the scores of next words <c>[B, V]</c> before it chooses among them.</summary>
internal static class WordRules
{
    /// <summary>Repetition penalty, then minimum length.</summary>
    /// <param name="scores">Scores, <c>[B, V]</c>.</param>
    /// <param name="texts">The texts so far, <c>[B, N]</c> int64.</param>
    public static Tensor Apply(Tensor scores, Tensor texts, GenerationSettings settings)
    {
        var ruled = settings.RepetitionPenalty == 1 ? scores : Penalized(scores, texts, settings.RepetitionPenalty);
        return texts.shape[1] >= settings.MinLength ? ruled
            : ruled.index_fill(1, tensor([settings.EndId], device: scores.device), float.NegativeInfinity);
    }

    /// <summary>Scores divided by the temperature, −∞ for all but the k likeliest words and the nucleus of p.</summary>
    public static Tensor Narrowed(Tensor scores, SamplingSettings sampling)
    {
        var warm = sampling.Temperature == 1 ? scores : scores / sampling.Temperature;
        return Nucleus(Likeliest(warm, sampling.TopK), sampling.TopP);
    }

    private static Tensor Penalized(Tensor scores, Tensor texts, double penalty)
    {
        var had = scores.gather(1, texts); // [B, N]
        return scores.scatter(1, texts, (had * penalty).where(had.lt(0), had / penalty));
    }

    private static Tensor Likeliest(Tensor scores, int k)
    {
        if (k == 0 || k >= scores.shape[1])
        {
            return scores;
        }

        var last = scores.topk(k, 1).values.slice(1, k - 1, k, 1); // [B, 1]
        return scores.masked_fill(scores.lt(last), float.NegativeInfinity);
    }

    // A word belongs to the nucleus if likelier words do not reach p without it; the likeliest always does.
    private static Tensor Nucleus(Tensor scores, double p)
    {
        if (p >= 1)
        {
            return scores;
        }

        var (sorted, order) = scores.sort(1, descending: true);
        var reached = sorted.softmax(1).cumsum(1); // [B, V]
        // by likelier words
        var before = cat([zeros_like(reached.slice(1, 0, 1, 1)), reached.slice(1, 0, reached.shape[1] - 1, 1)], 1);
        var outside = zeros_like(scores, dtype: ScalarType.Bool).scatter(1, order, before.gt(p));
        return scores.masked_fill(outside, float.NegativeInfinity);
    }
}
