using System.Text.Json;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>A small BLIP NLVR2 end to end: logits, losses, gradients and the tokens kept in every layer.</summary>
internal sealed class BlipNlvrCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    protected override void Check()
    {
        var model = new BlipNlvr(Config());
        StateLoading.Into(model, Fixture);
        model.eval();
        foreach (var one in Fixture.Manifest.GetProperty("cases").EnumerateObject())
        {
            foreach (var (tag, order) in TokenOrders.Recorded.Where(order => Fixture.Has($"{one.Name}{order.Tag}.logits")))
            {
                Scenario(model, one.Name, tag, one.Value, order);
            }
        }
    }

    private BlipConfig Config()
    {
        var vit = Fixture.Config.GetProperty("vit");
        return new BlipConfig
        {
            Vision = FixtureVision.Read(vit, Fixture.Size("image_size"), Fixture.Size("patch_size")),
            Text = FixtureBert.Read(Fixture.Config.GetProperty("bert")),
            Alignment = new AlignmentConfig(Fixture.Size("sd_num"), Fixture.Size("sd_dim")),
        };
    }

    private void Scenario(BlipNlvr model, string name, string tag, JsonElement manifest, TokenOrder order)
    {
        var temperature = manifest.GetProperty("temperature").GetDouble();
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Released with { Order = order }, temperature);
        using var trace = reduction.Record(TraceDetail.Tensors);
        model.zero_grad();
        var output = model.Forward(Input("images"), Input("input_ids"), Input("attention_mask"));
        var task = nn.functional.cross_entropy(output.Logits, Input("targets"));
        var alignment = temperature == 0 ? task : output.AlignmentLoss!; // at T = 0 the released objective counts the task loss again
        BackwardPass.Run(task + (alignment * 0.1));
        var scenario = name + tag;
        Expect(scenario, "logits", output.Logits, Features);
        Expect(scenario, "loss_ori", task, Features);
        Expect(scenario, "loss_fdt", alignment, Features);
        ExpectGradients(scenario, model);
        if (tag.Length == 0)
        {
            CompareTokensAfter(scenario, manifest, trace);
            ExpectLayers(scenario, trace);
        }
    }

    private void ExpectGradients(string scenario, BlipNlvr model)
    {
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        Expect(scenario, "grad_norms", GradientNorms.Of(parameters, Fixture.Manifest.GetProperty("grad_names")), Gradients);
        Expect(scenario, "grad_norm_total", GradientNorms.Total(parameters.Values), Gradients);
        ExpectIfRecorded(scenario, "grad_space_dict", () => parameters["space_dict"].grad ?? zeros_like(parameters["space_dict"]), Gradients);
        ExpectIfRecorded(scenario, "grad_cls_head_0_weight", () => parameters["cls_head.0.weight"].grad, Gradients);
    }

    // Token order differs from ours after the first layer, so importances are compared as sets.
    private void ExpectLayers(string scenario, ReductionTrace trace)
    {
        for (var call = 0; call < trace.Steps.Count; call++)
        {
            var name = $"{scenario}.layer{call}";
            if (trace.Steps[call].Tensors is not { } step || !Fixture.Has($"{name}.importance"))
            {
                continue;
            }

            Compare(name, "importance (as a set)", step.Importance.Total.sort(1).Values, Input($"{name}.importance").sort(1).Values, Scores);
            Expect(name, "threshold", step.Decision.Threshold, Scores);
            Expect(name, "topk_num", step.Decision.Counts.max(), Exact);
        }
    }
}
