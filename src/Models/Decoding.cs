using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>How a text is generated. The defaults are those of BLIP's captioning. Lengths count all tokens, the prompt included,
/// as in Hugging Face's <c>generate</c>, which scored the released models.</summary>
/// <param name="MinLength">Tokens before which a text must not end.</param>
/// <param name="Beams">Texts that beam search carries along for each image; 1 is greedy search.</param>
/// <param name="EndId">Id that ends a text: [SEP].</param>
/// <param name="PaddingId">Id that fills short texts up: [PAD].</param>
public sealed record GenerationSettings(
    int MaxLength = 20, int MinLength = 5, int Beams = 3, long EndId = 102, long PaddingId = 0)
{
    /// <summary>BLIP's free answers to questions: 3 beams, 1 to 10 tokens.</summary>
    public static GenerationSettings Answer { get; } = new() { MaxLength = 10, MinLength = 1 };

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
    /// <param name="prompts"><c>[B, n]</c> int64.</param>
    /// <returns>Token ids, prompt and end included, padded after their end, <c>[B, N]</c> int64.</returns>
    /// <exception cref="ArgumentException">The settings make no sense for these prompts.</exception>
    public static Tensor Generate(INextWord model, Tensor prompts, GenerationSettings settings)
    {
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
                return texts;

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

    /// <summary>Goes on with one more word each, <c>[B]</c> int64, and returns scores of the next ones, <c>[B, V]</c>.</summary>
    /// <param name="rows">Which text each goes on from, <c>[B]</c> int64, several from one where there are more than before; null
    /// when each goes on from its own.</param>
    Tensor Next(Tensor words, Tensor? rows);
}

/// <summary>A text decoder that goes on word by word: what it reads is projected once, each layer's keys and values of earlier
/// words are kept. Exact, for a causal layer's do not depend on later words. For inference; it frees what it held.</summary>
/// <param name="read">What is read: b images for B texts, each image a run of B / b.</param>
public sealed class CachedDecoder(TextDecoder decoder, ImageContext read) : INextWord, IDisposable
{
    private readonly ImageContext projected = decoder.Project(read);
    private readonly KeyValue?[] layers = new KeyValue?[decoder.Config.Layers];

    /// <summary>Words whose keys and values are held.</summary>
    internal int Length => layers is [{ } first, ..] ? (int)first.Key.shape[2] : 0;

    public Tensor Begin(Tensor prompts) => decoder.Step(prompts, this, projected);

    public Tensor Next(Tensor words, Tensor? rows)
    {
        if (rows is not null)
            HoldAll(held => new KeyValue(held.Key.index_select(0, rows), held.Value.index_select(0, rows)));

        return decoder.Step(words.unsqueeze(1), this, projected);
    }

    public void Dispose() => HoldAll(_ => null);

    /// <summary>Adds a layer's newest keys and values, each <c>[B, h, n, d_h]</c>, and returns all of them.</summary>
    internal KeyValue Append(int layer, KeyValue newest) => Hold(layer, layers[layer] is { } held
        ? new KeyValue(cat([held.Key, newest.Key], 2), cat([held.Value, newest.Value], 2)) : newest)!;

    private void HoldAll(Func<KeyValue, KeyValue?> other)
    {
        for (var layer = 0; layer < layers.Length; layer++)
            Hold(layer, layers[layer] is { } held ? other(held) : null);
    }

    private KeyValue? Hold(int layer, KeyValue? keyValue)
    {
        layers[layer]?.Key.Dispose();
        layers[layer]?.Value.Dispose();
        return layers[layer] = keyValue is null ? null
            : new KeyValue(keyValue.Key.DetachFromDisposeScope(), keyValue.Value.DetachFromDisposeScope());
    }
}
