using Madtp.Kit.Models;
using Madtp.Kit.Models.Vision;
using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>One pruned vision block: every score, the selection, the output and the gradients.</summary>
internal sealed class VisionBlockCheck(GoldenFixture fixture) : StepCheck(fixture)
{
    protected override void Check()
    {
        foreach (var scenario in Fixture.Manifest.GetProperty("cases").EnumerateObject().Select(p => p.Name))
        {
            Scenario(scenario);
        }
    }

    private void Scenario(string scenario)
    {
        var block = new VisionBlock(Fixture.Size("dim"), Fixture.Size("num_heads"), Fixture.Config.GetProperty("mlp_ratio").GetDouble());
        StateLoading.Into(block, Fixture, ignore: ["space_dict"]);
        var learnable = nn.Parameter(Input("space_dict").clone());
        var x = Input($"{scenario}.x").clone().requires_grad_();
        using var reduction = TokenReduction.Attach([new ReducibleEncoder("block", Modality.Image, [block], () => learnable)], ReductionPolicy.Released, Number(Input($"{scenario}.temperature")));
        reduction.GatherFeatures = false;
        using var trace = reduction.Record(TraceDetail.Tensors);
        var y = block.forward(new TokenState(x)).X;
        var loss = (y.select(1, 0) * Input($"{scenario}.gv")).sum() + (y.slice(1, 1, y.shape[1], 1).pow(2).sum() * 0.5);
        BackwardPass.Run(loss);
        ExpectOutput(scenario, trace, y);
        Expect(scenario, "loss", loss, Features);
        Expect(scenario, "grad_x", x.grad, Gradients);
        Expect(scenario, "grad_qkv_weight", Gradient(block, "attn.qkv.weight"), Gradients);
        Expect(scenario, "grad_fc1_weight", Gradient(block, "mlp.fc1.weight"), Gradients);
        ExpectIfRecorded(scenario, "grad_space_dict", () => learnable.grad, Gradients);
    }

    private void ExpectOutput(string scenario, ReductionTrace trace, Tensor y)
    {
        Compare(scenario, "tokens_out (manifest)", trace.Steps[0].TokensPerSample,
            [.. Enumerable.Repeat(Fixture.Manifest.GetProperty("cases").GetProperty(scenario).GetProperty("tokens_out").GetInt32(), (int)y.shape[0])]);
        if (trace.Steps[0].Tensors is not { } step)
        {
            Expect(scenario, "y", y, Features);
            return;
        }

        var places = ExpectStep(scenario, step, PruningExpectations.Identity(y.shape[0], step.Importance.Total.shape[1]));
        var rows = cat([zeros(y.shape[0], 1, dtype: int64), places + 1], 1);
        Expect(scenario, "y", PruningExpectations.Reordered(y, rows), Features);
        Expect(scenario, "tokens_out", PruningExpectations.Reordered(step.Output.slice(1, 1, step.Output.shape[1], 1), places), Features);
    }

    private static Tensor? Gradient(nn.Module module, string name) => module.named_parameters().Single(p => p.name == name).parameter.grad;
}
