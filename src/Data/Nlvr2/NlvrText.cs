using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Nlvr2;

/// <summary>A statement's tokens as BLIP NLVR2 reads them.</summary>
/// <param name="tokenizer">BERT's, with BLIP's two tokens.</param>
/// <param name="longest">The most tokens a model takes.</param>
internal sealed class NlvrText(BertWordPiece tokenizer, int longest)
{
    private const int MaxWords = 40;

    /// <summary>What fills short statements up.</summary>
    public int PaddingId => tokenizer.PaddingId;

    /// <summary>The tokens, [ENC] first.</summary>
    /// <param name="sentence">The statement, as written.</param>
    /// <param name="swapped">Whether "left" and "right" change places.</param>
    public int[] Tokens(string sentence, bool swapped = false)
    {
        var words = BlipText.PreCaption(sentence, MaxWords);
        var ids = tokenizer.EncodeWithSpecials(swapped ? Swapped(words) : words, longest);
        ids[0] = tokenizer.EncoderId!.Value;
        return ids;
    }

    /// <summary>The statement with "left" and "right" in each other's place.</summary>
    internal static string Swapped(string words) => string.Join(' ', words.Split(' ').Select(word => word switch
    {
        "left" => "right",
        "right" => "left",
        _ => word,
    }));
}
