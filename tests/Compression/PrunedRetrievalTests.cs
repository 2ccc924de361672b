using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Models;
using Madtp.Kit.Tests.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

public sealed class PrunedRetrievalTests() : PrunedModelTests<BlipRetrieval, BlipConfig>(
    PrunableFamilies.Retrieval,
    TinyModels.Config with { EmbedWidth = 6, EncodeId = 4, Contrastive = new ContrastiveConfig { QueueSize = 8 } })
{
    protected override Tensor Answers(BlipRetrieval model)
    {
        var (ids, mask) = PrunedModels.Texts(first: 3, 9, 4, 12);
        var (image, text) = (model.EncodeImages(PrunedModels.Images(3)), model.EncodeTexts(ids, mask));
        using var index = new RetrievalIndex(model, new RerankOptions { Candidates = 2 });
        index.AddImages(PrunedModels.Images(3));
        index.AddTexts(ids, mask);
        var ranked = index.Rank();
        return cat([image.Feature.flatten(), text.Feature.flatten(), model.Match(ImageContext.Of(image.Tokens), ids, mask).flatten(), ranked.ImageToText.flatten(), ranked.TextToImage.flatten()], 0);
    }

    protected override IPairCosts Costs(BlipConfig config) => new RetrievalPairCosts(config);

    protected override MacLedger Ledger(BlipConfig config, int textTokens) => MacLedger.For(RetrievalPairCosts.Model(config, textTokens));

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
