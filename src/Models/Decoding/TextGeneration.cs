using static TorchSharp.torch;

namespace Madtp.Kit.Models.Decoding;

/// <summary>
/// Generates texts from a language model by greedy search, beam search or sampling. The rules are those of Hugging Face
/// transformers 4.15, the version that BLIP was released and scored with.
/// </summary>
public static class TextGeneration
{
    /// <summary>
    /// Generates one text for each prompt.
    /// </summary>
    /// <param name="model">The language model; for beam search it serves <see cref="GenerationSettings.Beams"/> texts for each prompt.</param>
    /// <param name="prompts">Prompts, <c>[B, n]</c> int64, all of one length.</param>
    /// <param name="settings">How.</param>
    /// <returns>Token ids, prompt and end included, padded after their end, <c>[B, N]</c> int64.</returns>
    /// <exception cref="ArgumentException">The settings make no sense for these prompts.</exception>
    public static Tensor Generate(INextWord model, Tensor prompts, GenerationSettings settings)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Check(prompts.shape[1]);
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var texts = settings.Beams > 1 ? new BeamSearch(model, settings).Run(prompts) : new WordByWord(model, settings).Run(prompts);
        return texts.MoveToOuterDisposeScope();
    }
}
