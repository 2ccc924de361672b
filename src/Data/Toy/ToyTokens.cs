using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Toy;

/// <summary>The toy world's vocabulary, and its texts as toy models read them.</summary>
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

    /// <summary>Captions, questions and answers as the toy BLIPs read and write them.</summary>
    public static BlipTexts Texts { get; } = new(Tokenizer);

    /// <summary>Words of the toy CLIP: the vocabulary, [DEC] and [ENC], then start and end of text.</summary>
    public static int ClipVocabularySize => Tokenizer.VocabularySize + 2;

    /// <summary>A caption as the toy CLIP reads it: between the two ids after the vocabulary's last.</summary>
    /// <param name="tokenizer">The toy world's vocabulary with BLIP's two tokens.</param>
    public static int[] ClipCaption(BertWordPiece tokenizer, string caption) =>
        [tokenizer.VocabularySize, .. tokenizer.Encode(BlipText.PreCaption(caption, MaxWords)), tokenizer.VocabularySize + 1];
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
