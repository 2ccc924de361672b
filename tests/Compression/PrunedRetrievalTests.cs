using Madtp.Kit.Cost;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

public sealed class PrunedRetrievalTests() : PrunedModelTests<BlipRetrieval>(() => new BlipRetrieval(Sizes), new RetrievalPairCost(Sizes))
{
    private static readonly BlipConfig Sizes = TinyModels.Config with { EmbedWidth = 6, EncodeId = 4, Contrastive = new ContrastiveConfig { QueueSize = 8 } };

    protected override Tensor Answers(BlipRetrieval model)
    {
        var (ids, mask) = PrunedModels.Texts(first: 3, 9, 4, 12);
        var (image, text) = (model.EncodeImages(PrunedModels.Images(3)), model.EncodeTexts(ids, mask));
        var reranking = new Reranking(model, ids, mask, image.Feature.MatMul(text.Feature.t()).detach(), candidates: 2);
        var ranked = reranking.Scores(Enumerable.Range(0, 3).Select(i => reranking.Judge(i, image.Tokens.X[i])));
        return cat([image.Feature.flatten(), text.Feature.flatten(), model.Match(ImageContext.Of(image.Tokens), ids, mask).flatten(), ranked.ImageToText.flatten(), ranked.TextToImage.flatten()], 0);
    }

    [Fact]
    public void Momentum_copies_begin_again_and_queues_stay()
    {
        using var model = Model(4);
        using var smaller = Smaller(model, 4);
        MomentumCopies.AreFresh(model, smaller);
        using var scope = NewDisposeScope();
        var (ids, mask) = PrunedModels.Texts(first: 3, 9, 4, 12);
        var losses = smaller.TrainingStep(PrunedModels.Images(3), ids, mask, tensor([1L, 2L, 3L]), distillation: 0.4);
        losses.Task.backward();
        Assert.True(double.IsFinite(losses.Task.item<float>()));
    }
}
