using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Models.Text;
using Madtp.Kit.Madtp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models.Blip;

public class RetrievalIndexTests
{
    private static readonly int[] Lengths = [12, 5, 8, 3, 9, 12, 7];

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    [InlineData(100, 64)]
    public void Ranking_scores_every_candidate_as_reading_the_pair_alone_does(int candidates, int batch)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = BlipRetrievalTests.Model();
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Fixed, 4);
        var (images, ids, mask) = BlipRetrievalTests.Pairs(6, Lengths);
        images = images.slice(0, 0, 4, 1);
        using var index = Index(model, new RerankOptions { Candidates = candidates, Batch = batch }, images, ids, mask);
        var scores = index.Rank();
        var similarity = index.Similarity();
        Expected(scores.ImageToText, similarity, (image, text) => Pair(model, images, ids, mask, image, text), candidates);
        Expected(scores.TextToImage, similarity.t(), (text, image) => Pair(model, images, ids, mask, image, text), candidates);
    }

    [Fact]
    public void Released_reads_padding_and_fills_short_images_with_their_class_token()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using var model = BlipRetrievalTests.Model();
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Released, 4);
        var (images, ids, mask) = BlipRetrievalTests.Pairs(6, Lengths);
        var options = new RerankOptions { Candidates = 1, Batch = 1, Padding = ImagePadding.ClassTokenCopies };
        using var index = new RetrievalIndex(model, options);
        var alone = Enumerable.Range(0, 3).Select(i => images[i].unsqueeze(0)).ToArray(); // one image a batch: lengths differ
        Array.ForEach(alone, index.AddImages);
        index.AddTexts(ids, mask);
        var scores = index.Rank();
        var tokens = alone.Select(image => model.EncodeImages(image).Tokens.X).ToArray();
        var longest = tokens.Max(one => one.shape[1]);
        Assert.True(tokens.Min(one => one.shape[1]) < longest, "the images of this seed should keep different numbers of tokens");
        var similarity = index.Similarity();
        for (var i = 0; i < 3; i++)
        {
            var text = similarity[i].argmax().item<long>();
            var filled = cat([tokens[i], tokens[i].slice(1, 0, 1, 1).expand(-1, longest - tokens[i].shape[1], -1)], 1);
            var match = model.Match(new ImageContext(filled), ids[text].unsqueeze(0), mask[text].unsqueeze(0))[0, 1];
            Assert.Equal((match + similarity[i, text]).item<float>(), scores.ImageToText[i, text].item<float>(), 4);
        }
    }

    [Fact]
    public void An_index_without_texts_says_so()
    {
        using var scope = NewDisposeScope();
        using var model = BlipRetrievalTests.Model();
        using var index = new RetrievalIndex(model);
        index.AddImages(BlipRetrievalTests.Pairs(6, 4, 4).Images);
        var error = Assert.Throws<InvalidOperationException>(() => index.Rank());
        Assert.Contains("2 images and 0 texts", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ranking_leaves_no_tensor_behind()
    {
        using var model = BlipRetrievalTests.Model();
        using var scope = NewDisposeScope();
        var (images, ids, mask) = BlipRetrievalTests.Pairs(6, Lengths);
        using var index = Index(model, new RerankOptions { Candidates = 2 }, images, ids, mask);
        var before = scope.DisposablesCount;
        index.Rank();
        Assert.Equal(before + 2, scope.DisposablesCount);
    }

    private static RetrievalIndex Index(BlipRetrieval model, RerankOptions options, Tensor images, Tensor ids, Tensor mask)
    {
        var index = new RetrievalIndex(model, options);
        index.AddImages(images.slice(0, 0, 3, 1));
        index.AddImages(images.slice(0, 3, images.shape[0], 1));
        index.AddTexts(ids, mask);
        return index;
    }

    private static float Pair(BlipRetrieval model, Tensor images, Tensor ids, Tensor mask, int image, int text)
    {
        var tokens = model.EncodeImages(images[image].unsqueeze(0)).Tokens;
        return model.Match(ImageContext.Of(tokens), ids[text].slice(0, 0, Lengths[text], 1).unsqueeze(0), ones(1, Lengths[text]))[0, 1].item<float>();
    }

    private static void Expected(Tensor scores, Tensor similarity, Func<int, int, float> match, int candidates)
    {
        for (var query = 0; query < similarity.shape[0]; query++)
        {
            var row = similarity[query].contiguous().data<float>().ToArray();
            var best = row.Select((value, i) => (value, i)).OrderByDescending(entry => entry.value).Take(candidates).Select(entry => entry.i).ToHashSet();
            for (var i = 0; i < row.Length; i++)
            {
                var expected = best.Contains(i) ? match(query, i) + row[i] : RetrievalScores.NotRanked;
                Assert.Equal(expected, scores[query, i].item<float>(), 4);
            }
        }
    }
}
