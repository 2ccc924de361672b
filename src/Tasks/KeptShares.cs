using Madtp.Kit.Data;
using Madtp.Kit.Data.Decoys;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Tasks;

/// <summary>What a reduction leaves of the patches of objects, of glyphs and of the ground, in the world with decoys.</summary>
public static class KeptShares
{
    private const int AtOnce = 50;

    /// <summary>Shares of the patches of each kind that are tokens of their own after the last image layer: "kept objects", "kept
    /// glyphs", "kept ground".</summary>
    /// <param name="model">The model; left in evaluation mode.</param>
    /// <param name="pairs">The examples, which know what their patches show.</param>
    /// <param name="limit">Looks at the first examples only.</param>
    public static IReadOnlyDictionary<string,
        double> Of(BlipNlvr model, NlvrPairs pairs, TokenReduction reduction, int limit = 500)
    {
        var (all, kept) = (new double[3], new double[3]);
        var device = Placement.DeviceOf(model);
        model.eval();
        using var off = inference_mode();
        using var trace = reduction.Record(TraceDetail.Positions);
        foreach (var examples in Enumerable.Range(0, Math.Min(limit, pairs.Count)).Chunk(AtOnce))
        {
            using var scope = NewDisposeScope();
            trace.Clear();
            var batch = pairs.Batch(examples, device: device);
            model.Forward(batch);
            var (patches, classes) = ((int)batch.PatchClasses!.shape[1], batch.PatchClasses.cpu().data<long>().ToArray());
            for (var image = 0; image < 2 * examples.Length; image++)
            {
                Array.ForEach(classes[(image * patches)..((image + 1) * patches)], shown => all[Place(shown)]++);
                foreach (var position in trace.Left("visual_encoder", image, 1).Positions[^1])
                {
                    kept[Place(classes[(image * patches) + position])]++;
                }
            }
        }

        string[] names = ["kept objects", "kept glyphs", "kept ground"];
        return names.Index().ToDictionary(name => name.Item, name => kept[name.Index] / all[name.Index]);
    }

    private static int Place(long shown) => (int?)Thing.KindOf((int)shown) ?? 2;
}
