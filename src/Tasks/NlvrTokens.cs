using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>Records what a method leaves of NLVR2 pairs, so that it can be counted and drawn pair by pair.</summary>
public static class NlvrTokens
{
    /// <summary>Runs the pairs through the model with a method attached, which is detached again.</summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="limit">Runs the first examples only.</param>
    /// <param name="batchSize">Examples that are run at once; matters to policies whose samples share a number of tokens.</param>
    /// <exception cref="InvalidOperationException">A reduction is attached to the model already.</exception>
    public static IReadOnlyList<PairTokens> Of(
        BlipNlvr model, NlvrPairs pairs, PruningSetting setting, int? limit = null, int batchSize = 50)
    {
        using var reduction = setting.Attach(model);
        return Of(model, pairs, reduction, limit, batchSize);
    }

    /// <summary>Shares of the patches of objects, of glyphs and of the ground, in the world with decoys, that are tokens of their
    /// own after the last image layer: "kept objects", "kept glyphs", "kept ground".</summary>
    internal static IReadOnlyDictionary<string, double> KeptShares(
        BlipNlvr model, NlvrPairs pairs, TokenReduction reduction)
    {
        var (all, kept) = (new double[3], new double[3]);
        static int Place(long shown) => (int?)Thing.KindOf((int)shown) ?? 2;
        foreach (var (example, tokens) in Of(model, pairs, reduction, limit: 500, batchSize: 50).Index())
        {
            using var classes = pairs.PatchClasses([example], null)!; // [2, patches]
            var shown = classes.data<long>().ToArray().Chunk((int)classes.shape[1]);
            foreach (var (image, patches) in new[] { tokens.Left, tokens.Right }.Zip(shown))
            {
                Array.ForEach(patches, patch => all[Place(patch)]++);
                foreach (var position in image.Positions[^1])
                    kept[Place(patches[position])]++;
            }
        }

        string[] names = ["kept objects", "kept glyphs", "kept ground"];
        return names.Index().ToDictionary(name => name.Item, name => kept[name.Index] / all[name.Index]);
    }

    private static List<PairTokens> Of(BlipNlvr model, NlvrPairs pairs, TokenReduction reduction, int? limit, int batchSize)
    {
        var (paper, deploy) = (RunCosts.Of(model), RunCosts.Of(model, Accounting.Deploy));
        var device = Placement.DeviceOf(model);
        model.eval();
        using var off = inference_mode();
        using var trace = reduction.Record(TraceDetail.Positions);
        var all = new List<PairTokens>();
        foreach (var examples in Enumerable.Range(0, Math.Min(limit ?? pairs.Count, pairs.Count)).Chunk(batchSize))
        {
            using var scope = NewDisposeScope();
            trace.Clear();
            var batch = pairs.Batch(examples, device: device);
            model.Forward(batch);
            var (shares, deployed) = (paper.Shares(trace, batch.TextLengths), deploy.Shares(trace, batch.TextLengths));
            all.AddRange(examples.Select((_, i) => new PairTokens(
                trace.Left("visual_encoder", i, 1), trace.Left("visual_encoder", examples.Length + i, 1),
                trace.Left("text_encoder", i, 0))
            {
                MacShare = shares[i],
                DeployShare = deployed[i],
            }));
        }

        return all;
    }
}

/// <summary>What a reduction leaves of one NLVR2 pair, and what the pair costs.</summary>
/// <param name="Text">The statement; position 0 is [ENC].</param>
public sealed record PairTokens(TokensLeft Left, TokensLeft Right, TokensLeft Text)
{
    /// <summary>Multiply-accumulates as a share of the plain model's on this pair (<see cref="Accounting.Paper"/>).</summary>
    public required double MacShare { get; init; }

    /// <summary>The same with all that choosing tokens takes (<see cref="Accounting.Deploy"/>).</summary>
    public required double DeployShare { get; init; }
}
