using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Clip;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Models.Text;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>A retrieval model as training and scoring see it, whichever it is.</summary>
public interface IRetriever
{
    /// <summary>The model.</summary>
    nn.Module Module { get; }

    /// <summary>The model as token reduction sees it.</summary>
    IReducibleModel Reducible { get; }

    /// <summary>Width of its final image tokens.</summary>
    int ImageWidth { get; }

    /// <summary>What its pairs cost.</summary>
    IPairCosts Costs { get; }

    /// <summary>One step of training on matching pairs; ids and mask are <c>[B, N]</c>.</summary>
    RetrievalLosses Step(Tensor images, Tensor ids, Tensor mask, Tensor imageIds, double distillation);

    /// <summary>
    /// The smaller model that parameter pruning cuts out of this one, trained again.
    /// </summary>
    /// <param name="run">How, and where.</param>
    /// <param name="begin">What this model, and then the smaller one, is trained on.</param>
    /// <returns>The smaller model; null where the training was stopped.</returns>
    IRetriever? Compressed(UPopRun run, Func<IRetriever, BudgetTask> begin);

    /// <summary>Everything that answering for the pairs takes, for its cost to be counted.</summary>
    void Answer(Tensor images, Tensor ids, Tensor mask);

    /// <summary>Ranks all images and captions of a split against each other.</summary>
    RetrievalScores Rank(CaptionedImages split);
}

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
    public RetrievalScores Rank(CaptionedImages split)
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
    public RetrievalScores Rank(CaptionedImages split)
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
