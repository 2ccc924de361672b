namespace Madtp.Kit.Text;

/// <summary>How BLIP's data sets prepare captions and questions before tokenization.</summary>
public static partial class BlipText
{
    private const string Removed = ".!\"()*#:;~";

    /// <summary>A caption as BLIP trains on it: lower case, <c>. ! " ( ) * # : ; ~</c> and runs of white space become one space,
    /// cut to whole words.</summary>
    /// <param name="maxWords">The most words: 50 for captioning, 30 for retrieval.</param>
    public static string PreCaption(string caption, int maxWords = 50)
    {
        var spaced = string.Concat(PythonText.Lower(caption).Select(c => Removed.Contains(c) ? ' ' : c));
        return FirstWords(Runs().Replace(spaced, " ").TrimEnd('\n').Trim(' '), maxWords);
    }

    /// <summary>A question as BLIP's VQA trains on it: lower case, <c>. ! " ( ) * # : ; ~</c> removed, cut to whole words; other
    /// white space stays.</summary>
    public static string PreQuestion(string question, int maxWords = 50)
        => FirstWords(string.Concat(PythonText.Lower(question).Where(c => !Removed.Contains(c))).TrimEnd(' '), maxWords);

    private static string FirstWords(string text, int count) => string.Join(' ', text.Split(' ').Take(count));

    // One white space alone stays what it is; only runs are replaced. Python's \s takes U+001C to U+001F too.
    [GeneratedRegex(@"[\s\x1C-\x1F]{2,}")]
    private static partial Regex Runs();
}
