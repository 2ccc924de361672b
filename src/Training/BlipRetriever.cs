using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Retrieval;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Models.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>BLIP as a retrieval model: ranks by similarity, then reads the best candidates.</summary>
public sealed class BlipRetriever(BlipRetrieval model, RerankOptions? rerank = null) : IRetriever
{
    private const int Batch = 100;

    /// <inheritdoc/>
    public nn.Module Module => model;

    /// <inheritdoc/>
    public IReducibleModel Reducible => model;

    /// <inheritdoc/>
    public int ImageWidth => model.Config.Vision.Width;

    /// <inheritdoc/>
    public IPairCosts Costs { get; } = new RetrievalPairCosts(model.Config);

    /// <inheritdoc/>
    public RetrievalLosses Step(Tensor images, Tensor ids, Tensor mask, Tensor imageIds, double distillation) =>
        model.TrainingStep(images, ids, mask, imageIds, distillation);

    /// <inheritdoc/>
    public IRetriever? Compressed(UPopRun run, Func<IRetriever, BudgetTask> begin)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Compress(PrunableFamilies.Retrieval, model, one => begin(new BlipRetriever(one, rerank))) is { } smaller ? new BlipRetriever(smaller, rerank) : null;
    }

    /// <inheritdoc/>
    public void Answer(Tensor images, Tensor ids, Tensor mask)
    {
        var encoded = model.EncodeImages(images);
        model.EncodeTexts(ids, mask);
        model.Match(ImageContext.Of(encoded.Tokens), ids, mask);
    }

    /// <inheritdoc/>
    public RetrievalScores Rank(ICaptionedImages split)
    {
        ArgumentNullException.ThrowIfNull(split);
        using var off = no_grad();
        using var index = new RetrievalIndex(model, rerank);
        var device = Placement.DeviceOf(model);
        foreach (var some in Enumerable.Range(0, split.Images).Chunk(Batch))
        {
            using var scope = NewDisposeScope();
            index.AddImages(split.Pixels(some, device));
        }

        using (NewDisposeScope())
        {
            var (ids, mask) = split.Texts([.. Enumerable.Range(0, split.Captions)], device);
            index.AddTexts(ids, mask);
        }

        return index.Rank();
    }
}
