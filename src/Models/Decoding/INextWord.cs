using static TorchSharp.torch;

namespace Madtp.Kit.Models.Decoding;

/// <summary>A language model as decoding sees it: it scores the next word of texts that grow word by word.</summary>
public interface INextWord
{
    /// <summary>Begins with prompts <c>[B, n]</c> int64 and returns scores of their next words, <c>[B, V]</c>.</summary>
    Tensor Begin(Tensor prompts);

    /// <summary>
    /// Goes on with one more word each.
    /// </summary>
    /// <param name="words">The newest words, <c>[B]</c> int64.</param>
    /// <param name="rows">Which text each goes on from, <c>[B]</c> int64; null when each goes on from its own.</param>
    /// <returns>Scores of the next words, <c>[B, V]</c>.</returns>
    Tensor Next(Tensor words, Tensor? rows);
}
