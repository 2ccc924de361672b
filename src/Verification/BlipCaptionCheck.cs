using System.Text.Json;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Text;
using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>A small BLIP captioner end to end: word scores, loss, gradients, tokens kept, and what greedy and beam search say.</summary>
internal sealed class BlipCaptionCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    // [SEP] in the fixtures' vocabulary.
    private const long EndId = 2;

    protected override void Check()
    {
        var model = new BlipCaptioner(new BlipConfig
        {
            Vision = FixtureVision.Read(Fixture.Config.GetProperty("vit"), Fixture.Size("image_size"), Fixture.Size("patch_size")),
            Text = FixtureBert.Read(Fixture.Config.GetProperty("bert")),
            Alignment = new AlignmentConfig(Fixture.Size("sd_num"), Fixture.Size("sd_dim")),
        });
        StateLoading.Into(model, Fixture);
        model.eval();
        foreach (var one in Fixture.Manifest.GetProperty("cases").EnumerateObject())
        {
            Scenario(model, one.Name, one.Value);
        }
    }

    private void Scenario(BlipCaptioner model, string scenario, JsonElement manifest)
    {
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Released with { Order = TokenOrder.LibraryOnCpu }, manifest.GetProperty("temperature").GetDouble());
        using (var trace = reduction.Record(TraceDetail.Tensors))
        {
            model.zero_grad();
            var output = model.Forward(Input("image"), Input("input_ids"), Input("attention_mask"), Fixture.Size("prompt_length"));
            var alignment = output.Loss; // the released objective has no text feature and counts the task loss again
            BackwardPass.Run(output.Loss + (alignment * 0.1));
            Expect(scenario, "image_embeds_cls", output.Vision.X.select(1, 0), Features);
            Expect(scenario, "lm_logits", output.Logits, Features);
            Expect(scenario, "loss_lm", output.Loss, Features);
            Expect(scenario, "loss_fdt", alignment, Features);
            var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
            Expect(scenario, "grad_norms", GradientNorms.Of(parameters, Fixture.Manifest.GetProperty("grad_names")), Gradients);
            CompareTokensAfter(scenario, manifest, trace);
        }

        ExpectTexts(model, scenario);
    }

    private void ExpectTexts(BlipCaptioner model, string scenario)
    {
        using var off = no_grad();
        var images = ImageContext.Of(model.VisualEncoder.forward(Input("image")));
        foreach (var name in Fixture.Names.Where(name => name.StartsWith(scenario + ".gen_", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var tensor = name[(scenario.Length + 1)..];
            if (GenerationName.Read(tensor) is { } settings)
            {
                Expect(scenario, tensor, model.Generate(images, Input("prompt_input_ids"), settings with { EndId = EndId, PaddingId = model.Config.Text.PaddingId }), Exact);
            }
        }
    }
}
