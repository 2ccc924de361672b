using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Retrieval;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Clip;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>CLIP as a retrieval model: ranks by similarity alone.</summary>
public sealed class ClipRetriever(ClipModel model) : IRetriever
{
    private const int Batch = 100;

    /// <inheritdoc/>
    public nn.Module Module => model;

    /// <inheritdoc/>
    public IReducibleModel Reducible => model;

    /// <inheritdoc/>
    public int ImageWidth => model.Config.Vision.Width;

    /// <inheritdoc/>
    public IPairCosts Costs { get; } = new ClipPairCosts(model.Config);

    /// <inheritdoc/>
    public RetrievalLosses Step(Tensor images, Tensor ids, Tensor mask, Tensor imageIds, double distillation) =>
        model.TrainingStep(images, ids, imageIds, distillation);

    /// <inheritdoc/>
    public IRetriever? Compressed(UPopRun run, Func<IRetriever, BudgetTask> begin)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Compress(PrunableFamilies.Clip, model, one => begin(new ClipRetriever(one))) is { } smaller ? new ClipRetriever(smaller) : null;
    }

    /// <inheritdoc/>
    public void Answer(Tensor images, Tensor ids, Tensor mask) => model.Forward(images, ids);

    /// <inheritdoc/>
    public RetrievalScores Rank(ICaptionedImages split)
    {
        ArgumentNullException.ThrowIfNull(split);
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var device = Placement.DeviceOf(model);
        var images = Features(split.Images, some => model.EncodeImages(split.Pixels(some, device)).Feature);
        var texts = Features(split.Captions, some => model.EncodeTexts(split.Texts(some, device).Ids).Feature);
        var scores = RetrievalScores.Of(images.MatMul(texts.t()));
        return new RetrievalScores(scores.ImageToText.MoveToOuterDisposeScope(), scores.TextToImage.MoveToOuterDisposeScope());
    }

    private static Tensor Features(int count, Func<int[], Tensor> encode) => ContrastiveFeatures.Unit(cat(Enumerable.Range(0, count).Chunk(Batch).Select(some =>
    {
        using var scope = NewDisposeScope();
        return encode(some).MoveToOuterDisposeScope();
    }).ToList(), 0));
}
