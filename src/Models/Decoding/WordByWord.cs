using static TorchSharp.torch;

namespace Madtp.Kit.Models.Decoding;

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
        : WordRules.Narrowed(scores, settings.Sampling!).softmax(1).cpu().multinomial(1, true, generator).squeeze(1).to(scores.device);
}
