using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Nlvr2;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Training;

/// <summary>Scores BLIP NLVR2 on a split: accuracy, multiply-accumulates by each example's own tokens, tokens per layer.</summary>
public static class NlvrEvaluator
{
    /// <summary>Scores the model with a method attached, which is detached again.</summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="pairs">The examples.</param>
    /// <param name="split">What to call them.</param>
    /// <param name="setting">The method.</param>
    /// <param name="limit">Scores the first examples only.</param>
    /// <param name="batchSize">Examples that are scored at once.</param>
    /// <exception cref="InvalidOperationException">A reduction is attached to the model already.</exception>
    public static Evaluation Evaluate(BlipNlvr model, INlvrPairs pairs, string split, PruningSetting setting, int? limit = null, int batchSize = 100)
    {
        ArgumentNullException.ThrowIfNull(setting);
        using var reduction = setting.Attach(model);
        return Evaluate(model, pairs, split, reduction, limit: limit, batchSize: batchSize);
    }

    /// <summary>
    /// Scores the model as it is: with a reduction where one is attached and given.
    /// </summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="pairs">The examples.</param>
    /// <param name="split">What to call them.</param>
    /// <param name="reduction">The reduction attached to the model; null for the plain model.</param>
    /// <param name="shuffle">What is given away.</param>
    /// <param name="limit">Scores the first examples only.</param>
    /// <param name="batchSize">Examples that are scored at once.</param>
    public static Evaluation Evaluate(BlipNlvr model, INlvrPairs pairs, string split, TokenReduction? reduction = null, NlvrShuffle shuffle = NlvrShuffle.None, int? limit = null, int batchSize = 100)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(pairs);
        var count = Math.Min(limit ?? pairs.Count, pairs.Count);
        var other = Derangement.Of(pairs.Count);
        var costs = new NlvrRunCosts(model.Config);
        var right = new bool[count];
        var tokens = new TokenMeans();
        double macs = 0, whole = 0, dense = 0;
        var device = Placement.DeviceOf(model);
        model.eval();
        using var off = inference_mode();
        using var trace = reduction?.Record();
        for (var from = 0; from < count; from += batchSize)
        {
            using var scope = NewDisposeScope();
            int[] examples = [.. Enumerable.Range(from, Math.Min(batchSize, count - from))];
            int[] others = [.. examples.Select(i => other[i])];
            var batch = pairs.Batch(examples, shuffle == NlvrShuffle.Images ? others : [], shuffle == NlvrShuffle.Text ? others : [], device);
            var output = model.Forward(batch);
            output.Logits.argmax(1).eq(batch.Labels).cpu().data<bool>().ToArray().CopyTo(right, from);
            dense += batch.TextLengths.Sum(n => (double)costs.Dense(n));
            whole += batch.TextLengths.Sum(n => (double)costs.Whole(n));
            macs += trace is null ? 0 : costs.PerPair(trace, batch.TextLengths).Sum(n => (double)n);
            tokens.Add(trace);
            trace?.Clear();
        }

        return new Evaluation(split, count, (double)right.Count(r => r) / count, (trace is null ? whole : macs) / count, dense / count)
        {
            ByKind = pairs.Kinds.Count == 0 ? new Dictionary<string, double>() : Enumerable.Range(0, count).GroupBy(i => pairs.Kinds[i]).OrderBy(g => g.Key, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => (double)g.Count(i => right[i]) / g.Count()),
            Temperature = reduction?.Temperature,
            Tokens = tokens.Means(),
        };
    }
}
