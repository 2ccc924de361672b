using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Decoding;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Training;

/// <summary>How the toy models write captions and what they answer with.</summary>
public static class ToyLanguage
{
    /// <summary>How captions are written, and compared: by the shapes they say are there.</summary>
    public static CaptionLanguage Captions { get; } = new(
        ToyTokens.Prompt,
        new GenerationSettings { MaxLength = 28, MinLength = 8, EndId = ToyTokens.Tokenizer.SeparatorId },
        ToyTokens.CaptionOf,
        ToyCaptions.ShapesIn);

    /// <summary>What questions are answered with: any answer of the training questions, all of them read to their end.</summary>
    /// <param name="world">The captioned scenes that are asked about; the usual ones if null.</param>
    public static AnswerVocabulary Answers(ToyCaptionSettings? world = null)
    {
        var words = ToyQuestionedImages.AnswerList(world);
        return AnswerVocabulary.Of(words, ToyTokens.Answer, words.Count);
    }
}
