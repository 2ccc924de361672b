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

    /// <summary>Id that ends a text: [SEP].</summary>
    public long EndId { get; init; } = 102;

    /// <summary>Id that fills short texts up: [PAD].</summary>
    public long PaddingId { get; init; }

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
    }

    /// <summary>Scores of next words <c>[B, V]</c> of texts of some length, −∞ for an end that comes too early.</summary>
    internal Tensor Allowed(Tensor scores, long length) => length >= MinLength ? scores
        : scores.index_fill(1, tensor([EndId], device: scores.device), float.NegativeInfinity);
}

/// <summary>Generates texts from a language model by greedy or beam search. The rules are those of Hugging Face
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
        var texts = settings.Beams > 1 ? new BeamSearch(model, settings).Run(prompts) : Greedy(model, settings, prompts);
        return texts.MoveToOuterDisposeScope();
    }

    private static Tensor Greedy(INextWord model, GenerationSettings settings, Tensor prompts)
    {
        var texts = prompts; // [B, n]
        var going = ones([prompts.shape[0]], dtype: ScalarType.Bool, device: prompts.device);
        var scores = model.Begin(prompts);
        while (true)
        {
            using var scope = NewDisposeScope();
            var likeliest = settings.Allowed(scores, texts.shape[1]).argmax(1); // [B]
            var words = likeliest.where(going, full_like(likeliest, settings.PaddingId));
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
