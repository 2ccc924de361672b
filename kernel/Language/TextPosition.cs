namespace Madtp.Kit.Kernel.Language;

/// <summary>Jupyter counts characters (code points), .NET counts UTF-16 units.</summary>
internal static class TextPosition
{
    /// <summary>The UTF-16 place of a code point's place; the end where the text has fewer.</summary>
    public static int FromCodePoints(string text, int points)
    {
        var at = 0;
        for (var i = 0; i < points && at < text.Length; i++)
            at += (at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1])) ? 2 : 1;

        return at;
    }

    /// <summary>The code point's place of a UTF-16 place.</summary>
    public static int ToCodePoints(string text, int position)
    {
        var points = 0;
        for (var at = 0; at < position && at < text.Length; points++)
            at += (at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1])) ? 2 : 1;

        return points;
    }
}
