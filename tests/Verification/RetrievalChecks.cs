using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>What the two models for retrieval share: the released objective, and the queues after a step.</summary>
internal abstract class RetrievalCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    /// <summary>
    /// Compares losses after the backward pass of the released sum: task + 0.1 · alignment + 0.1 · momentum alignment. At T = 0
    /// both alignment terms are the contrastive loss again (defect 7).
    /// </summary>
    protected void ExpectLosses(string scenario, RetrievalLosses losses, double temperature)
    {
        var alignment = temperature == 0 ? losses.Contrastive : AlignmentLoss.Of(losses.Aligned)!;
        var momentum = temperature == 0 ? losses.Contrastive : AlignmentLoss.Of(losses.MomentumAligned)!;
        BackwardPass.Run(losses.Task + (alignment * 0.1) + (momentum * 0.1));
        Expect(scenario, "loss_ita", losses.Contrastive, Features);
        ExpectIfRecorded(scenario, "loss_itm", () => losses.Matching, Features);
        Expect(scenario, "loss_fdt", alignment, Features);
        Expect(scenario, "loss_fdt_m", momentum, Features);
    }

    /// <summary>Compares the queues as one step of training leaves them.</summary>
    protected void ExpectQueues(string scenario, FeatureQueues queues)
    {
        ExpectIfRecorded(scenario, "image_queue_after", () => queues.Image, Features);
        ExpectIfRecorded(scenario, "text_queue_after", () => queues.Text, Features);
        ExpectIfRecorded(scenario, "idx_queue_after", () => queues.Index, Exact);
        ExpectIfRecorded(scenario, "ptr_after", () => queues.Pointer, Exact);
    }
}

/// <summary>A small CLIP: features, every score of every pruned block, and one step of training with its queues.</summary>
internal sealed class ClipCheck(GoldenFixture fixture) : RetrievalCheck(fixture)
{
    private const double Distillation = 0.4;

    protected override void Check()
    {
        var model = new ClipModel(Fixture.Clip());
        model.eval();
        ForEachCase(model, "logits", (scenario, manifest, reduction) =>
        {
            Fixture.LoadInto(model);
            Answer(model, reduction, scenario, manifest);
            model.zero_grad();
            ExpectLosses(scenario, model.TrainingStep(Input("image"), Input("text"), Input("idx"), Distillation),
                reduction.Temperature);
            ExpectGradients(scenario, model);
            ExpectQueues(scenario, model.Queues);
        });
    }

    private void Answer(ClipModel model, TokenReduction reduction, string scenario, ManifestValue? manifest)
    {
        using var off = no_grad();
        using var trace = reduction.Record(TraceDetail.Tensors);
        var output = model.Forward(Input("image"), Input("text"));
        Expect(scenario, "image_features", output.Image.Feature, Features);
        Expect(scenario, "text_features", output.Text.Feature, Features);
        Expect(scenario, "logits", output.Logits, Features);
        Expect(scenario, "sd_img_ft", output.Image.Tokens.AlignmentFeature, Features);
        Expect(scenario, "sd_txt_ft", output.Text.Tokens.AlignmentFeature, Features);
        if (manifest is not { } recorded)
            return;

        ExpectCounts(scenario, recorded, trace);
        ExpectCalls(scenario, recorded, trace);
        // The fixture counts blocks in order of execution: first all of the image, then all of the text.
        Tensor? places = null;
        for (var call = 0; call < trace.Steps.Count; call++)
        {
            if (trace.Steps[call] is { Tensors: { } step, Layer: var layer })
                places = ExpectStepAndTokens($"{scenario}.layer{call}", step, layer == 0 ? null : places);
        }
    }
}

/// <summary>A small BLIP for retrieval: features, matching of pairs, and one step of training with its queues.</summary>
internal sealed class BlipRetrievalCheck(GoldenFixture fixture) : RetrievalCheck(fixture)
{
    private const string OtherDistillation = "loss_ita_alpha0.4";
    private const int EncodeId = 4;

    protected override void Check()
    {
        var momentum = Fixture.Config["momentum"].Number;
        var model = new BlipRetrieval(Fixture.Blip() with
        {
            EmbedWidth = Fixture.Size("embed_dim"),
            Contrastive = new ContrastiveConfig { QueueSize = Fixture.Size("queue_size"), Momentum = momentum },
            EncodeId = EncodeId,
        });
        model.eval();
        ForEachCase(model, "itm_logits", (scenario, manifest, reduction) =>
        {
            Fixture.LoadInto(model);
            Answer(model, reduction, scenario, manifest);
            if (Fixture.Has($"{scenario}.{OtherDistillation}"))
            {
                using var off = no_grad();
                Expect(scenario, OtherDistillation, Step(model, 0.4).Contrastive, Features);
            }

            Fixture.LoadInto(model);
            model.zero_grad();
            ExpectLosses(scenario, Step(model, 0), reduction.Temperature);
            ExpectGradients(scenario, model);
            ExpectQueues(scenario, model.Queues);
        });
    }

    // In the order of the reference's evaluation: texts, images, then pairs.
    private void Answer(BlipRetrieval model, TokenReduction reduction, string scenario, ManifestValue? manifest)
    {
        using var off = no_grad();
        using var trace = reduction.Record(TraceDetail.Tensors);
        var text = model.EncodeTexts(Input("input_ids"), Input("attention_mask"));
        var image = model.EncodeImages(Input("image"));
        var match = model.Match(ImageContext.Of(image.Tokens), Input("input_ids"), Input("attention_mask"));
        Expect(scenario, "image_feat", image.Feature, Features);
        Expect(scenario, "text_feat", text.Feature, Features);
        Expect(scenario, "itm_logits", match, Features);
        ExpectCounts(scenario, manifest, trace);
        if (manifest is { } recorded)
            ExpectCalls(scenario, recorded, trace);
    }

    private RetrievalLosses Step(BlipRetrieval model, double distillation) =>
        model.TrainingStep(Input("image"), Input("input_ids"), Input("attention_mask"), Input("idx"), distillation);
}
