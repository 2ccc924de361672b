using Madtp.Kit.Models.Contrastive;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>Collects the scores of judged pairs, each written where its direction asked for it.</summary>
internal sealed class ScoreSheet
{
    private readonly CandidatePairs pairs;
    private readonly int images;
    private readonly int texts;
    private readonly float[] imageToText;
    private readonly float[] textToImage;

    /// <summary>Creates a sheet on which no pair is ranked.</summary>
    public ScoreSheet(CandidatePairs pairs, int images, int texts)
    {
        (this.pairs, this.images, this.texts) = (pairs, images, texts);
        imageToText = [.. Enumerable.Repeat(RetrievalScores.NotRanked, images * texts)];
        textToImage = [.. Enumerable.Repeat(RetrievalScores.NotRanked, images * texts)];
    }

    /// <summary>Writes the scores of one image with some texts.</summary>
    public void Write(int image, long[] batch, float[] scores)
    {
        foreach (var (text, score) in batch.Zip(scores))
        {
            if (pairs.IsTextOf(image, text))
            {
                imageToText[(image * texts) + text] = score;
            }

            if (pairs.IsImageOf(text, image))
            {
                textToImage[(text * images) + image] = score;
            }
        }
    }

    /// <summary>The sheet as tensors.</summary>
    public RetrievalScores ToScores() => new(tensor(imageToText, images, texts), tensor(textToImage, texts, images));
}
