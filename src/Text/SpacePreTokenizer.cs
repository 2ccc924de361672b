using Microsoft.ML.Tokenizers;

namespace Madtp.Kit.Text;

/// <summary>Splits at the plain spaces that the kit's normalizers put between words, and nowhere else.</summary>
internal sealed class SpacePreTokenizer : PreTokenizer
{
    /// <inheritdoc/>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => PreTokenize(text.AsSpan());

    /// <inheritdoc/>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text)
    {
        var words = new List<(int Offset, int Length)>((text.Length / 4) + 1);
        var start = 0;
        while (start < text.Length)
        {
            var length = text[start..].IndexOf(' ');
            if (length < 0)
            {
                length = text.Length - start;
            }

            if (length > 0)
            {
                words.Add((start, length));
            }

            start += length + 1;
        }

        return words;
    }
}
