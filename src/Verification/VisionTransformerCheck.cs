using Madtp.Kit.Models;
using Madtp.Kit.Models.Vision;
using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>A small vision transformer pruned in every layer.</summary>
internal sealed class VisionTransformerCheck(GoldenFixture fixture) : StepCheck(fixture)
{
    protected override void Check()
    {
        var model = new VisionTransformer(Config());
        StateLoading.Into(model, Fixture, ignore: ["space_dict"]);
        model.eval();
        var learnable = nn.Parameter(Input("space_dict").clone());
        using var off = no_grad();
        foreach (var one in Fixture.Manifest.GetProperty("cases").EnumerateObject())
        {
            Scenario(one.Name, one.Value, model, new ReducibleEncoder("visual_encoder", Modality.Image, model.Blocks, () => learnable));
        }
    }

    private VisionTransformerConfig Config() => FixtureVision.Read(Fixture.Config, Fixture.Size("img_size"), Fixture.Size("patch_size"));

    private void Scenario(string scenario, System.Text.Json.JsonElement manifest, VisionTransformer model, ReducibleEncoder encoder)
    {
        using var reduction = TokenReduction.Attach([encoder], ReductionPolicy.Released, Number(Input($"{scenario}.temperature")));
        using var trace = reduction.Record(TraceDetail.Tensors);
        var output = model.forward(Input("image"));
        Compare(scenario, "tokens_after_layer", [.. trace.Steps.Select(step => step.TokensPerSample[0])],
            [.. manifest.GetProperty("tokens_after_layer").EnumerateArray().Select(n => n.GetInt32())]);
        var places = PruningExpectations.Identity(output.X.shape[0], model.Config.Patches);
        foreach (var step in trace.Steps.Where(step => step.Tensors is not null))
        {
            var name = $"{scenario}.layer{step.Layer}";
            places = ExpectStep(name, step.Tensors!, places);
            var tokens = step.Tensors!.Output;
            Expect(name, "tokens_out", PruningExpectations.Reordered(tokens.slice(1, 1, tokens.shape[1], 1), places), Features);
        }

        var rows = cat([zeros(places.shape[0], 1, dtype: int64), places + 1], 1);
        Expect(scenario, "out", PruningExpectations.Reordered(output.X, rows), Features);
        Expect(scenario, "sd_img_ft", output.AlignmentFeature, Features);
    }
}
