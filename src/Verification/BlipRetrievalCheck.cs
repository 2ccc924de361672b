using System.Text.Json;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Models.Text;
using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>A small BLIP for retrieval: features, matching of pairs, and one step of training with its queues.</summary>
internal sealed class BlipRetrievalCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    private const string OtherDistillation = "loss_ita_alpha0.4";
    private const int FixtureEncodeId = 4; // PAD 0, CLS 1, SEP 2, DEC 3, ENC 4 in all BLIP fixtures

    protected override void Check()
    {
        var model = new BlipRetrieval(Config());
        model.eval();
        foreach (var one in Fixture.Manifest.GetProperty("cases").EnumerateObject())
        {
            foreach (var (tag, order) in TokenOrders.Recorded.Where(order => Fixture.Has($"{one.Name}{order.Tag}.itm_logits")))
            {
                using var reduction = TokenReduction.Attach(model, ReductionPolicy.Released with { Order = order }, one.Value.GetProperty("temperature").GetDouble());
                StateLoading.Into(model, Fixture);
                Answer(model, reduction, one.Name + tag, tag.Length == 0 ? one.Value : null);
                Distill(model, one.Name + tag);
                StateLoading.Into(model, Fixture);
                Train(model, reduction, one.Name + tag);
            }
        }
    }

    private BlipConfig Config() => new()
    {
        Vision = FixtureVision.Read(Fixture.Config.GetProperty("vit"), Fixture.Size("image_size"), Fixture.Size("patch_size")),
        Text = FixtureBert.Read(Fixture.Config.GetProperty("bert")),
        Alignment = new AlignmentConfig(Fixture.Size("sd_num"), Fixture.Size("sd_dim")),
        EmbedWidth = Fixture.Size("embed_dim"),
        Contrastive = new ContrastiveConfig { QueueSize = Fixture.Size("queue_size"), Momentum = Fixture.Config.GetProperty("momentum").GetDouble() },
        EncodeId = FixtureEncodeId,
    };

    // In the order of the reference's evaluation: texts, images, then pairs.
    private void Answer(BlipRetrieval model, TokenReduction reduction, string scenario, JsonElement? manifest)
    {
        using var off = no_grad();
        using var trace = reduction.Record(TraceDetail.Tensors);
        var text = model.EncodeTexts(Input("input_ids"), Input("attention_mask"));
        var image = model.EncodeImages(Input("image"));
        var match = model.Match(ImageContext.Of(image.Tokens), Input("input_ids"), Input("attention_mask"));
        Expect(scenario, "image_feat", image.Feature, Features);
        Expect(scenario, "text_feat", text.Feature, Features);
        Expect(scenario, "itm_logits", match, Features);
        if (manifest is { } recorded)
        {
            ExpectCounts(scenario, recorded, trace);
        }
    }

    private void ExpectCounts(string scenario, JsonElement manifest, ReductionTrace trace)
    {
        CompareTokensAfter(scenario, manifest, trace);
        Compare(scenario, "pruning calls", TokenCounts.Calls(trace.Steps), TokenCounts.Calls(manifest.GetProperty("calls")));
    }

    private void Distill(BlipRetrieval model, string scenario)
    {
        if (Fixture.Has($"{scenario}.{OtherDistillation}"))
        {
            using var off = no_grad();
            Expect(scenario, OtherDistillation, Step(model, 0.4).Contrastive, Features);
        }
    }

    private void Train(BlipRetrieval model, TokenReduction reduction, string scenario)
    {
        model.zero_grad();
        var losses = Step(model, 0);
        var released = ReleasedObjective.Of(losses, reduction.Temperature);
        BackwardPass.Run(released.Total);
        Expect(scenario, "loss_ita", losses.Contrastive, Features);
        Expect(scenario, "loss_itm", losses.Matching, Features);
        Expect(scenario, "loss_fdt", released.Alignment, Features);
        Expect(scenario, "loss_fdt_m", released.MomentumAlignment, Features);
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        Expect(scenario, "grad_norms", GradientNorms.Of(parameters, Fixture.Manifest.GetProperty("grad_names")), Gradients);
        var queues = model.Queues;
        ExpectIfRecorded(scenario, "image_queue_after", () => queues.Image, Features);
        ExpectIfRecorded(scenario, "text_queue_after", () => queues.Text, Features);
        ExpectIfRecorded(scenario, "idx_queue_after", () => queues.Index, Exact);
        ExpectIfRecorded(scenario, "ptr_after", () => queues.Pointer, Exact);
    }

    private RetrievalLosses Step(BlipRetrieval model, double distillation) =>
        model.TrainingStep(Input("image"), Input("input_ids"), Input("attention_mask"), Input("idx"), distillation);
}
