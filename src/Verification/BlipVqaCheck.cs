using System.Text.Json;
using Madtp.Kit.Models;
using Madtp.Kit.Models.Blip;
using Madtp.Kit.Models.Decoding;
using Madtp.Kit.Madtp;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>A small BLIP VQA end to end: losses, gradients, tokens kept, ranked and generated answers.</summary>
internal sealed class BlipVqaCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    // [SEP] in the fixtures' vocabulary.
    private const long EndId = 2;

    protected override void Check()
    {
        var model = new BlipVqa(new BlipConfig
        {
            Vision = FixtureVision.Read(Fixture.Config.GetProperty("vit"), Fixture.Size("image_size"), Fixture.Size("patch_size")),
            Text = FixtureBert.Read(Fixture.Config.GetProperty("bert")),
            Alignment = new AlignmentConfig(Fixture.Size("sd_num"), Fixture.Size("sd_dim")),
            DecodeId = (int)Input("cand_ids")[0, 0].item<long>(),
        });
        StateLoading.Into(model, Fixture);
        model.eval();
        foreach (var one in Fixture.Manifest.GetProperty("cases").EnumerateObject())
        {
            foreach (var (tag, order) in TokenOrders.Recorded.Where(order => Fixture.Has($"{one.Name}{order.Tag}.loss_vqa")))
            {
                Scenario(model, one.Name + tag, tag.Length == 0, one.Value, order);
            }
        }
    }

    private void Scenario(BlipVqa model, string scenario, bool hasCounts, JsonElement manifest, TokenOrder order)
    {
        var temperature = manifest.GetProperty("temperature").GetDouble();
        using var reduction = TokenReduction.Attach(model, ReductionPolicy.Released with { Order = order }, temperature);
        using var trace = reduction.Record(TraceDetail.Tensors);
        model.zero_grad();
        var output = model.Forward(Input("image"), Input("question_ids"), Input("question_mask"), Answers());
        var alignment = temperature == 0 ? output.Loss : output.AlignmentLoss!; // at T = 0 the released objective counts the task loss again
        BackwardPass.Run(output.Loss + (alignment * 0.1));
        Expect(scenario, "loss_vqa", output.Loss, Features);
        Expect(scenario, "loss_fdt", alignment, Features);
        Expect(scenario, "question_cls", output.Encoding.Question.X.select(1, 0), Features);
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        Expect(scenario, "grad_norms", GradientNorms.Of(parameters, Fixture.Manifest.GetProperty("grad_names")), Gradients);
        if (hasCounts)
        {
            CompareTokensAfter(scenario, manifest, trace);
        }

        ExpectAnswers(model, scenario, output.Encoding);
    }

    private void ExpectAnswers(BlipVqa model, string scenario, VqaEncoding encoding)
    {
        var candidates = new AnswerCandidates(Input("cand_ids"), Input("cand_mask"));
        Expect(scenario, "rank_ids", model.Rank(encoding, candidates, Fixture.Size("k_test")).Best, Exact);
        Expect(scenario, "gen_ids", model.Generate(encoding, GenerationSettings.Answer with { EndId = EndId, PaddingId = model.Config.Text.PaddingId }), Exact);
    }

    private VqaAnswers Answers()
    {
        var counts = Input("n"); // answers of each question
        var questionOf = arange(counts.shape[0], dtype: int64).repeat_interleave(counts);
        return new VqaAnswers(Input("answer_ids"), Input("answer_mask"), Input("weights"), questionOf);
    }
}
