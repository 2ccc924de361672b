namespace Madtp.Kit.Text;

/// <summary>Captions, questions and answers as a BLIP reads and writes them.</summary>
/// <param name="tokenizer">BERT's word pieces, with BLIP's two tokens.</param>
/// <param name="positions">The most tokens that the model reads.</param>
public class BlipTexts(BertWordPiece tokenizer, int positions = int.MaxValue)
{
    private const int MaxWords = 30;
    private const int MaxTokens = 35;
    private const int MaxWrittenTokens = 40;
    private const string Begins = "a picture of ";

    public BertWordPiece Tokenizer => tokenizer;

    public int Positions => positions;

    /// <summary>The most tokens of a caption or question that is read.</summary>
    public int Width => Math.Min(MaxTokens, positions);

    /// <summary>What every caption that is written begins with, [DEC] first.</summary>
    public IReadOnlyList<int> Prompt { get; } = [tokenizer.DecoderId!.Value, .. tokenizer.Encode(Begins)];

    /// <summary>A caption to be compared with images: [CLS], words, [SEP].</summary>
    public int[] Caption(string caption) => tokenizer.EncodeWithSpecials(BlipText.PreCaption(caption, MaxWords), Width);

    /// <summary>A caption to be learned: prompt, words, [SEP].</summary>
    public int[] WrittenCaption(string caption) =>
        [.. Prompt.Concat(tokenizer.Encode(BlipText.PreCaption(caption, MaxWords)))
            .Take(Math.Min(MaxWrittenTokens, positions) - 1), tokenizer.SeparatorId];

    /// <summary>The words of a caption that was read or generated, without what follows its end and, as BLIP cuts it, without as
    /// many characters as its prompt has.</summary>
    public string CaptionOf(IEnumerable<long> ids)
    {
        var text = tokenizer.Decode(ids.TakeWhile(id => id != tokenizer.SeparatorId).Select(id => (int)id));
        return text[Math.Min(Begins.Length, text.Length)..];
    }

    /// <summary>A question: [ENC], words, [SEP].</summary>
    public int[] Question(string question) => Begun(BlipText.PreQuestion(question), Width, tokenizer.EncoderId!.Value);

    /// <summary>An answer: [DEC], words, [SEP].</summary>
    public int[] Answer(string answer) => Begun(answer, positions, tokenizer.DecoderId!.Value);

    private int[] Begun(string text, int most, int first)
    {
        var ids = tokenizer.EncodeWithSpecials(text, most);
        ids[0] = first;
        return ids;
    }
}

/// <summary>How BLIP's data sets prepare captions and questions before tokenization.</summary>
public static partial class BlipText
{
    private const string Removed = ".!\"()*#:;~";

    /// <summary>A caption for BLIP: lower case, <c>.!"()*#:;~</c> and runs of white space made one space, cut to words.</summary>
    /// <param name="maxWords">The most words: 50 for captioning, 30 for retrieval.</param>
    public static string PreCaption(string caption, int maxWords = 50)
    {
        var spaced = string.Concat(PythonText.Lower(caption).Select(c => Removed.Contains(c) ? ' ' : c));
        return FirstWords(Runs().Replace(spaced, " ").TrimEnd('\n').Trim(' '), maxWords);
    }

    /// <summary>A question for BLIP: lower case, without <c>.!"()*#:;~</c>, cut to words; other white space stays.</summary>
    public static string PreQuestion(string question, int maxWords = 50)
        => FirstWords(string.Concat(PythonText.Lower(question).Where(c => !Removed.Contains(c))).TrimEnd(' '), maxWords);

    private static string FirstWords(string text, int count) => string.Join(' ', text.Split(' ').Take(count));

    // One white space alone stays what it is; only runs are replaced. Python's \s takes U+001C to U+001F too.
    [GeneratedRegex(@"[\s\x1C-\x1F]{2,}")]
    private static partial Regex Runs();
}
