using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Re-ranking of retrieval: the most similar texts of every image and the most similar images of every text are judged
/// by reading the text with the image. An image's keys and values are computed once for all texts it meets in either direction;
/// the scores are those of reading each pair alone.</summary>
/// <param name="ids">All texts' token ids with [CLS] first, <c>[T, N]</c>.</param>
/// <param name="mask">1 for their tokens, 0 for padding, <c>[T, N]</c>.</param>
/// <param name="similarity">Cosine of every image with every text, float32 on the host, <c>[I, T]</c>.</param>
/// <param name="candidates">Candidates of each query that are judged (<c>k_test</c>; COCO 256, Flickr30k 128).</param>
public sealed class Reranking(
    BlipRetrieval model, Tensor ids, Tensor mask, Tensor similarity, int candidates = 256, int batch = 64)
{
    private readonly long[] lengths = mask.to(int64).sum(1).cpu().data<long>().ToArray();
    private readonly Tensor textsOfImages = Best(similarity, candidates); // [I, T]
    private readonly Tensor imagesOfTexts = Best(similarity.t(), candidates).t(); // [I, T]

    /// <summary>The texts that an image meets, and for each how well it matches plus how similar it is.</summary>
    /// <param name="tokens">Its final tokens, <c>[S, D]</c>; padding left out.</param>
    public (long[] Texts, float[] Scores) Judge(int image, Tensor tokens)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var context = model.TextEncoder.Project(new ImageContext(tokens.unsqueeze(0)));
        long[] texts =
        [
            .. textsOfImages[image].logical_or(imagesOfTexts[image]).nonzero().squeeze(1).data<long>().ToArray()
                .OrderBy(text => lengths[text]).ThenBy(text => text), // texts of similar length share a batch
        ];
        return (texts, [.. texts.Chunk(batch).SelectMany(some => Judge(image, context, some))]);
    }

    /// <summary>The scores of all images, judged in order; each stands where its direction asked for it.</summary>
    public RetrievalScores Scores(IEnumerable<(long[] Texts, float[] Scores)> judged)
    {
        using var scope = NewDisposeScope();
        var imageToText = full_like(similarity, RetrievalScores.NotRanked); // [I, T]
        var textToImage = full_like(similarity, RetrievalScores.NotRanked); // [I, T]
        foreach (var (image, (texts, scores)) in judged.Index())
        {
            using var perImage = NewDisposeScope();
            Write(imageToText[image], textsOfImages[image], tensor(texts), tensor(scores));
            Write(textToImage[image], imagesOfTexts[image], tensor(texts), tensor(scores));
        }

        return new RetrievalScores(imageToText.MoveToOuterDisposeScope(), textToImage.t().contiguous().MoveToOuterDisposeScope());
    }

    /// <summary>Tokens <c>[S, D]</c> filled up with copies of the class token to a length, as the released code reads them
    /// (defect 5).</summary>
    public static Tensor FilledUp(Tensor tokens, long length) =>
        length <= tokens.shape[0] ? tokens : cat([tokens, tokens.slice(0, 0, 1, 1).expand(length - tokens.shape[0], -1)], 0);

    // Trailing padding that none of the texts needs is left out, which changes no score; but a reduction that counts padding as
    // tokens must get all of it.
    private float[] Judge(int image, ImageContext context, long[] texts)
    {
        using var scope = NewDisposeScope();
        var rows = tensor(texts, device: ids.device);
        var width = model.TextEncoder.Layers.Any(layer => layer.Reducer is { ExcludesPadding: false }) ? ids.shape[1]
            : texts.Max(text => lengths[text]);
        var match = model.Match(
            context, ids.index_select(0, rows).slice(1, 0, width, 1), mask.index_select(0, rows).slice(1, 0, width, 1));
        var scores = match.select(1, 1).to(float32).cpu() + similarity[image].index_select(0, tensor(texts)); // [n]
        return scores.data<float>().ToArray();
    }

    // The best candidates of each query: [Q, C] to bool [Q, C].
    private static Tensor Best(Tensor similarity, int candidates)
    {
        var best = similarity.topk((int)Math.Min(candidates, similarity.shape[1]), 1).indexes;
        return zeros(similarity.shape, dtype: ScalarType.Bool).scatter(1, best, ones_like(best, dtype: ScalarType.Bool));
    }

    private static void Write(Tensor row, Tensor wanted, Tensor texts, Tensor scores)
    {
        var some = wanted.index_select(0, texts);
        row.index_copy_(0, texts.masked_select(some), scores.masked_select(some));
    }
}
