using Madtp.Kit.Data.Nlvr2;
using Madtp.Kit.Text;

namespace Madtp.Kit.Data.Toy;

/// <summary>The toy world's NLVR2 splits drawn straight into memory: the same pairs and pixels as in its files, without the files.</summary>
public static class ToyNlvr2Pairs
{
    private const int MaxWords = 40;

    /// <summary>
    /// Draws a split.
    /// </summary>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="settings">The world; the usual one if null.</param>
    /// <param name="limit">Draws the first pairs only (rounded up to whole sets of four).</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    public static NlvrPairs Draw(string split, ToyWorldSettings? settings = null, int? limit = null)
    {
        settings ??= new ToyWorldSettings();
        var (_, number, pairs) = settings.Split(split);
        var sets = (Math.Min(limit ?? pairs, pairs) + ToyPair.PerSet - 1) / ToyPair.PerSet;
        var drawn = new ToyPair[sets * ToyPair.PerSet];
        var pixels = new byte[drawn.Length * 2 * ImageBytes];
        var patches = new byte[drawn.Length * 2 * ToyScene.Patches];
        Parallel.For(0, sets, set =>
        {
            var members = ToyPair.DrawSet(settings.Seed, number, set);
            for (var i = 0; i < members.Length; i++)
            {
                var at = (set * ToyPair.PerSet) + i;
                drawn[at] = members[i];
                Paint(members[i].Left, 2 * at, pixels, patches);
                Paint(members[i].Right, (2 * at) + 1, pixels, patches);
            }
        });
        var tokenizer = Tokenizer();
        int[][] tokens = [.. drawn.Select(pair => Tokens(tokenizer, pair.Sentence))];
        return new NlvrPairs(
            pixels,
            ToyScene.Size,
            tokens,
            [.. drawn.Select(pair => pair.Label)],
            [.. drawn.Select(pair => pair.Kind)],
            patches,
            [.. drawn.Select((pair, i) => ToyGrounding.Of(tokenizer, tokens[i], pair))],
            tokenizer.PaddingId);
    }

    /// <summary>The tokenizer of the toy world's vocabulary.</summary>
    public static BertWordPiece Tokenizer() => BertWordPiece.Create(ToyVocabulary.Tokens, source: "the toy world's vocabulary");

    /// <summary>A statement's tokens as BLIP NLVR2 reads them, [ENC] first.</summary>
    public static int[] Tokens(BertWordPiece tokenizer, string sentence)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var ids = tokenizer.EncodeWithSpecials(BlipText.PreCaption(sentence, MaxWords));
        ids[0] = tokenizer.EncoderId!.Value;
        return ids;
    }

    private const int ImageBytes = ToyScene.Size * ToyScene.Size * 3;

    private static void Paint(ToyScene scene, int image, byte[] pixels, byte[] patches)
    {
        ToyRenderer.Render(scene).CopyTo(pixels, image * ImageBytes);
        ToyRenderer.PatchClasses(scene).CopyTo(patches, image * ToyScene.Patches);
    }
}
