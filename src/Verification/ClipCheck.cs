using System.Text.Json;
using Madtp.Kit.Models.Clip;
using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>A small CLIP: features, every score of every pruned block, and one step of training with its queues.</summary>
internal sealed class ClipCheck(GoldenFixture fixture) : StepCheck(fixture)
{
    private const double Distillation = 0.4;

    protected override void Check()
    {
        var model = new ClipModel(FixtureClip.Read(Fixture));
        model.eval();
        foreach (var one in Fixture.Manifest.GetProperty("cases").EnumerateObject())
        {
            foreach (var (tag, order) in TokenOrders.Recorded.Where(order => Fixture.Has($"{one.Name}{order.Tag}.logits")))
            {
                StateLoading.Into(model, Fixture);
                using var reduction = TokenReduction.Attach(model, ReductionPolicy.Released with { Order = order }, one.Value.GetProperty("temperature").GetDouble());
                Answer(model, reduction, one.Name + tag, tag.Length == 0 ? one.Value : null);
                Train(model, reduction, one.Name + tag);
            }
        }
    }

    private void Answer(ClipModel model, TokenReduction reduction, string scenario, JsonElement? manifest)
    {
        using var off = no_grad();
        using var trace = reduction.Record(TraceDetail.Tensors);
        var output = model.Forward(Input("image"), Input("text"));
        Expect(scenario, "image_features", output.Image.Feature, Features);
        Expect(scenario, "text_features", output.Text.Feature, Features);
        Expect(scenario, "logits", output.Logits, Features);
        Expect(scenario, "sd_img_ft", output.Image.Tokens.AlignmentFeature, Features);
        Expect(scenario, "sd_txt_ft", output.Text.Tokens.AlignmentFeature, Features);
        if (manifest is { } recorded)
        {
            ExpectCounts(scenario, recorded, trace);
            ExpectLayers(scenario, trace);
        }
    }

    private void ExpectCounts(string scenario, JsonElement manifest, ReductionTrace trace)
    {
        CompareTokensAfter(scenario, manifest, trace);
        Compare(scenario, "pruning calls", TokenCounts.Calls(trace.Steps), TokenCounts.Calls(manifest.GetProperty("calls")));
    }

    // The fixture counts blocks in order of execution: first all of the image, then all of the text.
    private void ExpectLayers(string scenario, ReductionTrace trace)
    {
        Tensor? places = null;
        for (var call = 0; call < trace.Steps.Count; call++)
        {
            if (trace.Steps[call].Tensors is not { } step)
            {
                continue;
            }

            var name = $"{scenario}.layer{call}";
            var candidates = step.Importance.Total.shape;
            places = places is null || trace.Steps[call].Layer == 0 ? PruningExpectations.Identity(candidates[0], candidates[1]) : places;
            places = ExpectStep(name, step, places);
            Expect(name, "tokens_out", PruningExpectations.Reordered(step.Output.slice(1, 1, step.Output.shape[1], 1), places), Features);
        }
    }

    private void Train(ClipModel model, TokenReduction reduction, string scenario)
    {
        model.zero_grad();
        var losses = model.TrainingStep(Input("image"), Input("text"), Input("idx"), Distillation);
        var released = ReleasedObjective.Of(losses, reduction.Temperature);
        BackwardPass.Run(released.Total);
        Expect(scenario, "loss_ita", losses.Contrastive, Features);
        Expect(scenario, "loss_fdt", released.Alignment, Features);
        Expect(scenario, "loss_fdt_m", released.MomentumAlignment, Features);
        Expect(scenario, "grad_norm_total", GradientNorms.Total(model.named_parameters().Select(p => p.parameter)), Gradients);
        var queues = model.Queues;
        ExpectIfRecorded(scenario, "image_queue_after", () => queues.Image, Features);
        ExpectIfRecorded(scenario, "text_queue_after", () => queues.Text, Features);
        ExpectIfRecorded(scenario, "idx_queue_after", () => queues.Index, Exact);
    }
}
