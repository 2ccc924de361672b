namespace Madtp.Kit.Data.Toy;

/// <summary>The toy world's words as a BERT vocabulary file: special tokens, punctuation, digits, words; one a line.</summary>
public static class ToyVocabulary
{
    // As in the file of bert-base-uncased; whoever needs [DEC] and [ENC] appends them.
    private static readonly string[] Special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"];

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

    /// <summary>Every token, in the order of its id.</summary>
    public static IReadOnlyList<string> Tokens { get; } = [.. Special, .. Words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>The file's text: one token a line, a line's number (from 0) being the token's id.</summary>
    public static string FileText => string.Join('\n', Tokens) + "\n";
}
