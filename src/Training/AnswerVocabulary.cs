using Madtp.Kit.Models.Blip;
using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>The answers among which questions are answered.</summary>
/// <param name="Words">The answers in words.</param>
/// <param name="Tokens">The same in tokens.</param>
/// <param name="Considered">How many of them are read to their end for each question (<c>k_test</c>).</param>
public sealed record AnswerVocabulary(IReadOnlyList<string> Words, AnswerCandidates Tokens, int Considered)
{
    /// <summary>Answers as a model's tokenizer encodes them.</summary>
    /// <param name="words">The answers.</param>
    /// <param name="encode">Token ids of one, [DEC] first and [SEP] last.</param>
    /// <param name="considered">How many are read to their end for each question.</param>
    public static AnswerVocabulary Of(IReadOnlyList<string> words, Func<string, int[]> encode, int considered = 128)
    {
        ArgumentNullException.ThrowIfNull(words);
        var padded = TokenBatch.Pad([.. words.Select(encode)], 0);
        var ids = tensor(padded.Ids, [padded.Count, padded.Length]).DetachFromDisposeScope();
        using var scope = NewDisposeScope();
        var mask = tensor(padded.AttentionMask, [padded.Count, padded.Length]).to(float32).DetachFromDisposeScope();
        return new AnswerVocabulary(words, new AnswerCandidates(ids, mask), considered);
    }
}
