using System.Globalization;
using Madtp.Kit.Cost;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using Madtp.Kit.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Benchmarks;

/// <summary>
/// Ways to keep samples of different lengths in one batch, in BLIP's full-size image encoder: how many tokens each image keeps is
/// what the trained toy model keeps of its pictures.
/// </summary>
internal static class BatchLayouts
{
    public const string About = "samples that keep different numbers of tokens in one batch: their own rows alone, padding "
        + "computed along, and as many as the neediest (--batch 4,16,32 --image 384 --layers 12 --precision float32)";

    public static int Run(string[] arguments)
    {
        var options = new SpeedOptions(arguments);
        var (device, sizes) = (ComputeDevice.Of(options.Device), options.BatchesOr("4,16,32"));
        manual_seed(1);
        using var off = inference_mode();
        var config = VisionTransformerConfig.Base(options.Image > 0 ? options.Image : 384) with { Depth = options.Layers };
        using var model = new VisionTransformer(config, new AlignmentConfig());
        model.eval();
        model.to(device);
        using var learnable = nn.Parameter(randn(100, config.Width, device: device));
        var encoder = new ReducibleEncoder("visual_encoder", Modality.Image, model.Blocks, () => learnable);
        var shares = Shares(sizes.Max(), config.Depth);
        var precision = options.Precisions[0];
        using var weights = new PreparedWeights();
        Console.WriteLine($"BLIP's image encoder at {config.ImageSize}², {config.Depth} layers, {precision}, random weights, "
            + $"counts of the trained toy model, computing on {ComputeDevice.Describe(device)}");
        Console.WriteLine($"{"batch",5} {"layout",-28} {"tokens an image",15} {"rows an image",13} {"ms an image",12} "
            + $"{"of plain %",10}");
        foreach (var batch in sizes)
        {
            using var images = randn(batch, 3, config.ImageSize, config.ImageSize, device: device);
            var counted = ReductionPolicy.Fixed with { Keep = new ReplayedCounts(shares) };
            (string Name, ReductionPolicy? Policy, bool Packs)[] ways =
            [
                ("plain", null, true), ("own number, rows alone", counted, true), ("own number, padding too", counted, false),
                ("as many as the neediest", counted with { Layout = BatchLayout.MaxKeep }, true),
            ];
            void Pass(ReductionPolicy? policy, bool packs, Action<ReductionTrace>? told = null)
            {
                using var scope = NewDisposeScope();
                using var mixed = MixedPrecision.Begin(precision == "bfloat16", weights);
                using var reduction = policy is null ? null : TokenReduction.Attach([encoder], policy);
                using var trace = told is null ? null : reduction?.Record();
                foreach (var block in encoder.Blocks.Where(block => block.Reducer is not null && !packs))
                    block.Reducer = new Unpacked(block.Reducer!);

                if (reduction is not null)
                    reduction.GatherFeatures = false;

                model.forward(images).X.select(1, 0).cpu(); // waits for a GPU
                foreach (var block in encoder.Blocks)
                    block.Reducer = null;

                if (trace is not null)
                    told!(trace);
            }

            var times = TurnTiming.Measure([.. ways.Select(way => (Action)(() => Pass(way.Policy, way.Packs)))],
                options.Seconds, options.Rounds, Math.Max(50, options.Rounds));
            foreach (var (way, time) in ways.Zip(times))
            {
                var (tokens, rows) = (config.Patches + 1.0, config.Patches + 1.0);
                Pass(way.Policy, way.Packs, trace => (tokens, rows) = (
                    trace.Steps.Average(step => step.TokensPerSample.Average()), trace.Steps.Average(step => step.Length)));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{batch,5} {way.Name,-28} {tokens,15:0.0} "
                    + $"{rows,13:0.0} {time.Median / batch,12:0.00} {100 * time.Median / times[0].Median,10:0}"));
            }
        }

        return 0;
    }

    // The share of its patches that each image still has after each of so many layers: the toy model's, stretched to that depth.
    private static double[][] Shares(int images, int depth)
    {
        var toy = ToyModels.Nlvr2.Load(macShare: 0.5);
        using var model = toy.Model;
        using var scope = NewDisposeScope();
        var pairs = ToyNlvr2Pairs.Draw("test1", limit: (images + 1) / 2);
        using var attached = PruningMethod.Madtp.At(toy.Temperature!.Value).Attach(model);
        using var trace = attached.Record();
        model.Forward(pairs.Batch([.. Enumerable.Range(0, (images + 1) / 2)]));
        var steps = trace.Of("visual_encoder");
        var patches = (double)model.Config.Vision.Patches;
        double After(int image, int layer) => layer == 0 ? 1 : (steps[layer - 1].TokensPerSample[image] - 1) / patches;
        return [.. Enumerable.Range(0, images).Select(image => Enumerable.Range(1, depth).Select(layer =>
        {
            var (whole, part) = Math.DivRem(layer * steps.Count, depth);
            var (before, after) = (After(image, whole), After(image, Math.Min(whole + 1, steps.Count)));
            return before * Math.Pow(after / before, (double)part / depth);
        }).ToArray())];
    }

    private sealed record ReplayedCounts(double[][] Shares) : IKeepRule
    {
        public PartCost Cost(LayerShape layer) => default;

        public PruneMask Decide(ImportanceScores importance, ReductionContext context)
        {
            var entered = context.Attended.Entered!;
            using var kept = tensor(Shares.Take((int)entered.shape[0]).Select(image => image[context.Layer]).ToArray())
                .to(entered.device);
            return PruneMask.Top((entered * kept).round().to(int64).minimum(context.Available), importance.Total, context);
        }
    }

    // Takes away what tells rows of padding apart.
    private sealed class Unpacked(IBlockReducer inner) : IBlockReducer
    {
        public bool ExcludesPadding => inner.ExcludesPadding;

        public AttentionReading? Reads(TokenState input) => inner.Reads(input);

        public TokenState Reduce(TokenState input, TokenState attended, SelfAttentionRecord attention) =>
            inner.Reduce(input, attended, attention) with { Packed = null };
    }
}
