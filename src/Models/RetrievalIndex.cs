using System.Collections;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>How retrieval re-ranks its first guesses.</summary>
public sealed record RerankOptions
{
    /// <summary>Candidates of each query that are judged as pairs (<c>k_test</c>; COCO 256, Flickr30k 128).</summary>
    public int Candidates { get; init; } = 256;

    /// <summary>Pairs read at once.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>How images of different lengths share a batch (defect 5 of the released code).</summary>
    public ImagePadding Padding { get; init; }
}

/// <summary>What re-ranking does with images of which fewer tokens are left than of others.</summary>
public enum ImagePadding
{
    /// <summary>Every image is read by its own tokens alone.</summary>
    None,

    /// <summary>Shorter images are filled up to the longest with copies of their class token, which texts attend to (released).</summary>
    ClassTokenCopies,
}

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

/// <summary>Judges an image with every text that is worth it, in either direction, by reading them together. The image's keys and values are computed once.</summary>
internal sealed class PairJudge
{
    private readonly BlipRetrieval model;
    private readonly RankedTexts texts;
    private readonly Tensor similarity;
    private readonly CandidatePairs pairs;
    private readonly int batch;

    /// <summary>Takes all texts: ids with [CLS] first and their mask, each <c>[T, N]</c>; and the similarity of all images with them, <c>[I, T]</c>.</summary>
    public PairJudge(BlipRetrieval model, Tensor ids, Tensor mask, Tensor similarity, CandidatePairs pairs, int batch)
    {
        (this.model, this.similarity, this.pairs, this.batch) = (model, similarity, pairs, batch);

        // A reduction that counts padding as tokens must get all of it.
        texts = new RankedTexts(ids, mask, keepsPadding: model.TextEncoder.Layers is [{ Reducer.ExcludesPadding: false }, ..]);
    }

    /// <summary>The texts an image met, and for each how well it matches plus how similar it is.</summary>
    /// <param name="image">The image's number.</param>
    /// <param name="tokens">Its final tokens, <c>[S, D]</c>.</param>
    public (long[] Texts, float[] Scores) Judge(int image, Tensor tokens)
    {
        var context = model.TextEncoder.Project(new ImageContext(tokens.unsqueeze(0)));
        var met = new List<long>();
        var scores = new List<float>();
        foreach (var some in texts.Batches(pairs.TextsOf(image), batch))
        {
            using var scope = NewDisposeScope();
            var (ids, mask) = texts.Take(some);
            var match = model.Match(context, ids, mask).select(1, 1).to(float32).cpu(); // [n]
            var score = match + similarity[image].index_select(0, tensor(some));
            met.AddRange(some);
            scores.AddRange(score.data<float>().ToArray());
        }

        return ([.. met], [.. scores]);
    }

    /// <summary>Tokens filled up with copies of the class token to a length (defect 5 of the released code).</summary>
    public static Tensor Filled(Tensor tokens, long length) =>
        length <= tokens.shape[0] ? tokens : cat([tokens, tokens.slice(0, 0, 1, 1).expand(length - tokens.shape[0], -1)], 0);
}

/// <summary>The texts of an index, from which any few are taken as a batch no wider than they need.</summary>
internal sealed class RankedTexts
{
    private readonly Tensor ids;
    private readonly Tensor mask;
    private readonly long[] lengths;
    private readonly bool keepsPadding;

    /// <summary>Holds ids and masks, each <c>[T, N]</c>; a reduction that counts padding as tokens must get it (<paramref name="keepsPadding"/>).</summary>
    public RankedTexts(Tensor ids, Tensor mask, bool keepsPadding)
    {
        (this.ids, this.mask, this.keepsPadding) = (ids, mask, keepsPadding);
        lengths = mask.to(int64).sum(1).cpu().data<long>().ToArray();
    }

    /// <summary>Texts in batches of similar length.</summary>
    public IEnumerable<long[]> Batches(IEnumerable<long> texts, int size) => texts.OrderBy(text => lengths[text]).ThenBy(text => text).Chunk(size);

    /// <summary>Ids and masks of some texts; trailing padding that none of them needs is left out, which changes no score.</summary>
    public (Tensor Ids, Tensor Mask) Take(long[] texts)
    {
        var rows = tensor(texts, device: ids.device);
        var width = keepsPadding ? ids.shape[1] : texts.Max(text => lengths[text]);
        return (ids.index_select(0, rows).slice(1, 0, width, 1), mask.index_select(0, rows).slice(1, 0, width, 1));
    }
}

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
