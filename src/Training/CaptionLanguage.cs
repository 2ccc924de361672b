using Madtp.Kit.Models.Decoding;

namespace Madtp.Kit.Training;

/// <summary>How captions of a data set are written and compared.</summary>
/// <param name="Prompt">Tokens that every caption begins with, [DEC] first.</param>
/// <param name="Generation">How captions are generated.</param>
/// <param name="Words">The words of a caption's tokens, without prompt and end.</param>
/// <param name="Content">What a caption says, in a form in which equal contents are equal; null where that cannot be told.</param>
public sealed record CaptionLanguage(IReadOnlyList<int> Prompt, GenerationSettings Generation, Func<IEnumerable<long>, string> Words, Func<string, string>? Content = null);
