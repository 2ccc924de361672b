using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Toy;

/// <summary>Captions, questions and answers of the toy world as the ids that toy BLIP models read and write.</summary>
public static class ToyTokens
{
    private const int MaxWords = 30;

    /// <summary>The toy world's tokenizer, [DEC] and [ENC] included.</summary>
    public static BertWordPiece Tokenizer { get; } = BertWordPiece.Create(ToyVocabulary.Tokens, source: "the toy world's vocabulary");

    /// <summary>Size of the vocabulary, [DEC] and [ENC] included.</summary>
    public static int VocabularySize => Tokenizer.VocabularySize;

    /// <summary>Id of [DEC].</summary>
    public static int DecodeId => Tokenizer.DecoderId!.Value;

    /// <summary>Id of [ENC].</summary>
    public static int EncodeId => Tokenizer.EncoderId!.Value;

    /// <summary>What every caption begins with, [DEC] first; BLIP's "a picture of ".</summary>
    public static IReadOnlyList<int> Prompt { get; } = [DecodeId, .. Tokenizer.Encode("a picture of ")];

    /// <summary>A caption: prompt, words, [SEP].</summary>
    public static int[] Caption(string caption) => [.. Prompt, .. Tokenizer.Encode(BlipText.PreCaption(caption, MaxWords)), Tokenizer.SeparatorId];

    /// <summary>A question: [ENC], words, [SEP].</summary>
    public static int[] Question(string question) => [EncodeId, .. Tokenizer.Encode(BlipText.PreQuestion(question, MaxWords)), Tokenizer.SeparatorId];

    /// <summary>An answer: [DEC], words, [SEP].</summary>
    public static int[] Answer(string answer) => [DecodeId, .. Tokenizer.Encode(answer), Tokenizer.SeparatorId];

    /// <summary>The words of a caption that was read or generated, without its prompt and what follows its end.</summary>
    public static string CaptionOf(IEnumerable<long> ids) => Words(ids.Skip(Prompt.Count));

    /// <summary>The words of an answer that was read or generated, without what follows its end.</summary>
    public static string AnswerOf(IEnumerable<long> ids) => Words(ids.Skip(1));

    private static string Words(IEnumerable<long> ids) => Tokenizer.Decode(ids.TakeWhile(id => id != Tokenizer.SeparatorId).Select(id => (int)id));
}
