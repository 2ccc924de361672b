using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data.Retrieval;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Contrastive;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

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
    RetrievalScores Rank(ICaptionedImages split);
}
