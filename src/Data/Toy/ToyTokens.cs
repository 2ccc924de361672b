using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Toy;

/// <summary>The toy world's vocabulary; statements, captions, questions and answers as ids of toy models.</summary>
public static class ToyTokens
{
    private const int MaxWords = 30;

    // Words of all toy tasks, so that one vocabulary serves statements, captions, questions and answers.
    private const string Words = """
        . , ? ! : - '
        0 1 2 3 4 5 6 7 8 9
        a an the this that it there
        is are has have do does contain contains show shows
        and or not no yes none neither either each every both all only exactly at least other
        one two three four five six zero more fewer less most many same different number total
        left right top bottom above below under over near next beside between side
        in on of to by with from than
        image images picture pictures photo scene pair
        shape shapes circle circles square squares triangle triangles object objects thing things
        color colors red green blue yellow purple gray
        ground background pattern plain striped checked dotted
        what which where how who kind like small large
        """;

    /// <summary>Every token in the order of its id, as in a BERT vocabulary file; [DEC] and [ENC] come after the last.</summary>
    public static IReadOnlyList<string> Vocabulary { get; } =
        ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", .. Words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];

    public static BertWordPiece Tokenizer { get; } = BertWordPiece.Create(Vocabulary, source: "the toy world's vocabulary");

    /// <summary>Words of the toy CLIP: the vocabulary, [DEC] and [ENC], then start and end of text.</summary>
    public static int ClipVocabularySize => Tokenizer.VocabularySize + 2;

    public static int DecodeId => Tokenizer.DecoderId!.Value;

    public static int EncodeId => Tokenizer.EncoderId!.Value;

    /// <summary>What every caption begins with, [DEC] first; BLIP's "a picture of ".</summary>
    public static IReadOnlyList<int> Prompt { get; } = [DecodeId, .. Tokenizer.Encode("a picture of ")];

    /// <summary>A caption: prompt, words, [SEP].</summary>
    public static int[] Caption(string caption) =>
        [.. Prompt, .. Tokenizer.Encode(BlipText.PreCaption(caption, MaxWords)), Tokenizer.SeparatorId];

    /// <summary>A caption as the toy CLIP reads it: between the two ids after the vocabulary's last.</summary>
    /// <param name="tokenizer">The toy world's vocabulary with BLIP's two tokens.</param>
    public static int[] ClipCaption(BertWordPiece tokenizer, string caption) =>
        [tokenizer.VocabularySize, .. tokenizer.Encode(BlipText.PreCaption(caption, MaxWords)), tokenizer.VocabularySize + 1];

    /// <summary>A caption to be matched, as BLIP reads it: [CLS], words, [SEP].</summary>
    public static int[] MatchedCaption(string caption) => Tokenizer.EncodeWithSpecials(BlipText.PreCaption(caption, MaxWords));

    /// <summary>A question: [ENC], words, [SEP].</summary>
    public static int[] Question(string question) =>
        [EncodeId, .. Tokenizer.Encode(BlipText.PreQuestion(question, MaxWords)), Tokenizer.SeparatorId];

    /// <summary>An answer: [DEC], words, [SEP].</summary>
    public static int[] Answer(string answer) => [DecodeId, .. Tokenizer.Encode(answer), Tokenizer.SeparatorId];

    /// <summary>The words of a caption that was read or generated, without its prompt and what follows its end.</summary>
    public static string CaptionOf(IEnumerable<long> ids) =>
        Tokenizer.Decode(ids.Skip(Prompt.Count).TakeWhile(id => id != Tokenizer.SeparatorId).Select(id => (int)id));
}

/// <summary>The vocabulary of the world with decoys, for both corpora: the toy world's, and the words that only this world
/// has.</summary>
public static class DecoyTokens
{
    private const string Words = """
        cyan diamond diamonds cross crosses
        glyph glyphs ring rings fence fences ladder ladders chevron chevrons saltire saltires
        """;

    public static BertWordPiece Tokenizer { get; } = BertWordPiece.Create(
        [.. ToyTokens.Vocabulary, .. Words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)],
        source: "the vocabulary of the world with decoys");
}
