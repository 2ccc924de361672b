using System.Collections;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>Which pairs are worth judging: the most similar texts of every image and the most similar images of every text.</summary>
internal sealed class CandidatePairs
{
    private readonly BitArray[] textsOfImage;
    private readonly BitArray[] imagesOfText;
    private readonly HashSet<long>[] met;

    private CandidatePairs(long[][] textsOfImage, long[][] imagesOfText)
    {
        this.textsOfImage = [.. textsOfImage.Select(texts => Bits(texts, imagesOfText.Length))];
        this.imagesOfText = [.. imagesOfText.Select(images => Bits(images, textsOfImage.Length))];
        met = [.. textsOfImage.Select(texts => texts.ToHashSet())];
        for (var text = 0; text < imagesOfText.Length; text++)
        {
            foreach (var image in imagesOfText[text])
            {
                met[image].Add(text);
            }
        }
    }

    /// <summary>The pairs by similarity <c>[I, T]</c>, at most <paramref name="count"/> for each query.</summary>
    public static CandidatePairs Of(Tensor similarity, int count) => new(Best(similarity, count), Best(similarity.t(), count));

    /// <summary>Texts that an image meets in either direction.</summary>
    public IReadOnlyCollection<long> TextsOf(int image) => met[image];

    /// <summary>Whether a text is a candidate of an image.</summary>
    public bool IsTextOf(int image, long text) => textsOfImage[image][(int)text];

    /// <summary>Whether an image is a candidate of a text.</summary>
    public bool IsImageOf(long text, int image) => imagesOfText[text][image];

    private static BitArray Bits(long[] set, int length)
    {
        var bits = new BitArray(length);
        foreach (var index in set)
        {
            bits[(int)index] = true;
        }

        return bits;
    }

    private static long[][] Best(Tensor similarity, int count)
    {
        using var scope = NewDisposeScope();
        var kept = (int)Math.Min(count, similarity.shape[1]);
        return [.. similarity.topk(kept, 1).indexes.data<long>().ToArray().Chunk(kept)];
    }
}
