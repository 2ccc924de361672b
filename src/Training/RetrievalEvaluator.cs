using Madtp.Kit.Data;
using Madtp.Kit.Data.Retrieval;
using Madtp.Kit.Metrics;
using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Scores a retrieval model on a split: recall both ways, multiply-accumulates of each caption with its image, tokens per layer.</summary>
public static class RetrievalEvaluator
{
    private const int Batch = 100;

    /// <summary>
    /// Scores the model as it is: with a reduction where one is attached and given.
    /// </summary>
    /// <param name="retriever">The model; left in evaluation mode.</param>
    /// <param name="split">Images and captions.</param>
    /// <param name="name">What to call them.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <returns>Accuracy is the mean of both recalls at 1; the recalls are listed by kind.</returns>
    public static Evaluation Evaluate(IRetriever retriever, ICaptionedImages split, string name, TokenReduction? reduction = null)
    {
        ArgumentNullException.ThrowIfNull(retriever);
        ArgumentNullException.ThrowIfNull(split);
        retriever.Module.eval();
        using var scope = NewDisposeScope();
        var scores = retriever.Rank(split);
        var recall = RetrievalRecall.Compute(Matrix(scores.ImageToText), Matrix(scores.TextToImage), split.ImageOfCaption);
        var (macs, dense, tokens) = Cost(retriever, split, [.. Enumerable.Range(0, split.Captions)], reduction);
        return new Evaluation(name, split.Captions, (recall.TextAt1 + recall.ImageAt1) / 200, macs, dense)
        {
            ByKind = new Dictionary<string, double>
            {
                ["text at 1"] = recall.TextAt1 / 100,
                ["text at 5"] = recall.TextAt5 / 100,
                ["text at 10"] = recall.TextAt10 / 100,
                ["image at 1"] = recall.ImageAt1 / 100,
                ["image at 5"] = recall.ImageAt5 / 100,
                ["image at 10"] = recall.ImageAt10 / 100,
            },
            Temperature = reduction?.Temperature,
            Tokens = tokens,
        };
    }

    /// <summary>Multiply-accumulates of some captions with their images, means: as reduced, as plain, and tokens per layer.</summary>
    internal static (double Macs, double Dense, IReadOnlyDictionary<string, double> Tokens) Cost(IRetriever retriever, ICaptionedImages split, int[] captions, TokenReduction? reduction)
    {
        using var off = no_grad();
        using var trace = reduction?.Record();
        var tokens = new TokenMeans();
        var device = Placement.DeviceOf(retriever.Module);
        double macs = 0;
        var dense = captions.Sum(caption => (double)retriever.Costs.Dense(split.TextLength(caption)));
        var whole = captions.Sum(caption => (double)retriever.Costs.Whole(split.TextLength(caption)));
        foreach (var some in trace is null ? [] : captions.Chunk(Batch))
        {
            using var scope = NewDisposeScope();
            var (ids, mask) = split.Texts(some, device);
            retriever.Answer(split.Pixels([.. some.Select(caption => split.ImageOfCaption[caption])], device), ids, mask);
            macs += retriever.Costs.PerPair(trace!, [.. some.Select(split.TextLength)]).Sum(one => (double)one);
            tokens.Add(trace);
            trace!.Clear();
        }

        return ((trace is null ? whole : macs) / captions.Length, dense / captions.Length, tokens.Means());
    }

    private static ScoreMatrix Matrix(Tensor scores) => new((int)scores.shape[0], (int)scores.shape[1], scores.data<float>().ToArray());
}
