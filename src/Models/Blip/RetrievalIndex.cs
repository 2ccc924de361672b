using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Blip;

/// <summary>
/// Encoded images and texts, ready to be ranked against each other: by similarity first, then the best candidates by
/// reading each text with its image. Keys and values of an image are computed once for all texts it meets in either
/// direction; the scores are those of reading each pair alone.
/// </summary>
public sealed class RetrievalIndex : IDisposable
{
    private readonly BlipRetrieval model;
    private readonly RerankOptions options;
    private readonly List<Tensor> imageFeatures = [];
    private readonly List<Tensor> imageTokens = []; // one image each, its real tokens only
    private readonly List<Tensor> textFeatures = [];
    private readonly List<Tensor> textIds = [];
    private readonly List<Tensor> textMasks = [];
    private long longestImage;

    /// <summary>Creates an empty index.</summary>
    public RetrievalIndex(BlipRetrieval model, RerankOptions? options = null)
    {
        this.model = model;
        this.options = options ?? new RerankOptions();
    }

    /// <summary>Images added so far.</summary>
    public int Images => imageTokens.Count;

    /// <summary>Texts added so far.</summary>
    public int Texts => (int)textIds.Sum(ids => ids.shape[0]);

    /// <summary>Encodes and keeps a batch of images <c>[B, 3, H, W]</c>.</summary>
    public void AddImages(Tensor images)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var encoded = model.EncodeImages(images);
        Keep(imageFeatures, encoded.Feature);
        for (var i = 0; i < images.shape[0]; i++)
        {
            var tokens = encoded.Tokens.X[i]; // [S, D]
            var real = encoded.Tokens.Mask is { } mask ? tokens.index_select(0, mask[i].nonzero().squeeze(1)) : tokens;
            Keep(imageTokens, real.clone().cpu());
            longestImage = Math.Max(longestImage, real.shape[0]);
        }
    }

    /// <summary>Encodes and keeps a batch of texts: ids with [CLS] first and their mask, each <c>[B, N]</c>; all batches of one width.</summary>
    public void AddTexts(Tensor ids, Tensor mask)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        Keep(textFeatures, model.EncodeTexts(ids, mask).Feature);
        Keep(textIds, ids.clone());
        Keep(textMasks, mask.clone());
    }

    /// <summary>Cosine of every image with every text, <c>[I, T]</c>.</summary>
    /// <exception cref="InvalidOperationException">Images or texts are missing.</exception>
    public Tensor Similarity()
    {
        if (imageFeatures.Count == 0 || textFeatures.Count == 0)
        {
            throw new InvalidOperationException($"an index of {Images} images and {Texts} texts has nothing to compare; add both first");
        }

        using var off = no_grad();
        return cat(imageFeatures, 0).MatMul(cat(textFeatures, 0).t());
    }

    /// <summary>
    /// Ranks everything against everything: candidates by similarity, their score by matching plus similarity.
    /// </summary>
    /// <param name="progress">Told the number of images done; may be null.</param>
    /// <exception cref="InvalidOperationException">Images or texts are missing.</exception>
    public RetrievalScores Rank(IProgress<int>? progress = null)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var similarity = Similarity().to(float32).cpu(); // [I, T]
        var pairs = CandidatePairs.Of(similarity, options.Candidates);
        var judge = new PairJudge(model, cat(textIds, 0), cat(textMasks, 0), similarity, pairs, options.Batch);
        var ranked = new ScoreSheet(pairs, Images, Texts);
        for (var image = 0; image < Images; image++)
        {
            using var perImage = NewDisposeScope();
            var (met, score) = judge.Judge(image, Filled(imageTokens[image]).to(imageFeatures[0].device));
            ranked.Write(image, met, score);
            progress?.Report(image + 1);
        }

        var scores = ranked.ToScores();
        return new RetrievalScores(scores.ImageToText.MoveToOuterDisposeScope(), scores.TextToImage.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in new[] { imageFeatures, imageTokens, textFeatures, textIds, textMasks }.SelectMany(list => list))
        {
            tensor.Dispose();
        }
    }

    private Tensor Filled(Tensor tokens) => options.Padding == ImagePadding.ClassTokenCopies ? PairJudge.Filled(tokens, longestImage) : tokens;

    private static void Keep(List<Tensor> list, Tensor tensor) => list.Add(tensor.detach().DetachFromDisposeScope());
}
