using Madtp.Kit.Madtp;

namespace Madtp.Kit.Cost;

/// <summary>What single image-text pairs cost a retrieval model, by the tokens that a reduction left them.</summary>
public interface IPairCosts
{
    /// <summary>
    /// Multiply-accumulates of the plain model on an image and a text of some tokens. Where parameters were taken out, that is the
    /// regular model it was cut out of.
    /// </summary>
    long Dense(int textTokens);

    /// <summary>Multiply-accumulates of this model, with the widths that it has and all tokens, on an image and a text of some tokens.</summary>
    long Whole(int textTokens);

    /// <summary>
    /// Multiply-accumulates of each pair of a batch that was traced.
    /// </summary>
    /// <param name="trace">The steps of one answer, or of a training step that begins with one.</param>
    /// <param name="textLengths">Tokens of each text, padding left out.</param>
    /// <param name="imageOfText">Each text's place among the images; the same as its own if null.</param>
    IReadOnlyList<long> PerPair(ReductionTrace trace, IReadOnlyList<int> textLengths, IReadOnlyList<int>? imageOfText = null);
}
