using System.Text;

namespace Madtp.Kit.Text;

/// <summary>How BLIP's data sets prepare captions and questions before tokenization.</summary>
public static class BlipText
{
    private const string Removed = ".!\"()*#:;~";

    /// <summary>
    /// A caption as BLIP trains on it: lower case, <c>. ! " ( ) * # : ; ~</c> and runs of white space become one space, cut to whole words.
    /// </summary>
    /// <param name="caption">The caption as written.</param>
    /// <param name="maxWords">The most words: 50 for captioning, 30 for retrieval.</param>
    public static string PreCaption(string caption, int maxWords = 50)
    {
        var lower = PythonText.Lower(caption);
        var result = new StringBuilder(lower.Length);
        for (var i = 0; i < lower.Length;)
        {
            var run = i;
            while (run < lower.Length && IsSpace(lower[run]))
            {
                run++;
            }

            if (run - i == 1)
            {
                // One white space alone stays what it is; only runs are replaced.
                result.Append(Removed.Contains(lower[i]) ? ' ' : lower[i]);
                i = run;
            }
            else if (run > i)
            {
                result.Append(' ');
                i = run;
            }
            else
            {
                result.Append(lower[i++]);
            }
        }

        return FirstWords(result.ToString().TrimEnd('\n').Trim(' '), maxWords);

        static bool IsSpace(char c) => Removed.Contains(c) || PythonText.IsSpace(c);
    }

    /// <summary>A question as BLIP's VQA trains on it: lower case, <c>. ! " ( ) * # : ; ~</c> removed, cut to whole words; other white space stays.</summary>
    /// <param name="question">The question as written.</param>
    /// <param name="maxWords">The most words.</param>
    public static string PreQuestion(string question, int maxWords = 50)
        => FirstWords(string.Concat(PythonText.Lower(question).Where(c => !Removed.Contains(c))).TrimEnd(' '), maxWords);

    private static string FirstWords(string text, int count)
    {
        var end = -1;
        for (var words = 0; words < count; words++)
        {
            end = text.IndexOf(' ', end + 1);
            if (end < 0)
            {
                return text;
            }
        }

        return text[..Math.Max(end, 0)];
    }
}
