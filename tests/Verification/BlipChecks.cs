using System.Globalization;
using System.Text.RegularExpressions;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>A small BLIP NLVR2 end to end: logits, losses, gradients and the tokens kept in every layer.</summary>
internal sealed class BlipNlvrCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    protected override void Check()
    {
        var model = new BlipNlvr(Fixture.Blip());
        Fixture.LoadInto(model);
        model.eval();
        ForEachCase(model, "logits", (scenario, manifest, reduction) =>
        {
            using var trace = reduction.Record(TraceDetail.Tensors);
            model.zero_grad();
            var output = model.Forward(Input("images"), Input("input_ids"), Input("attention_mask"));
            var task = nn.functional.cross_entropy(output.Logits, Input("targets"));
            var alignment = reduction.Temperature == 0 ? task : AlignmentLoss.Of(output.Aligned)!; // at T = 0 the released objective counts the task loss again
            BackwardPass.Run(task + (alignment * 0.1));
            Expect(scenario, "logits", output.Logits, Features);
            Expect(scenario, "loss_ori", task, Features);
            Expect(scenario, "loss_fdt", alignment, Features);
            ExpectGradients(scenario, model);
            var learnable = model.get_parameter("space_dict")!;
            ExpectIfRecorded(scenario, "grad_space_dict", () => learnable.grad ?? zeros_like(learnable), Gradients);
            ExpectIfRecorded(scenario, "grad_cls_head_0_weight", () => model.get_parameter("cls_head.0.weight")!.grad, Gradients);
            ExpectCounts(scenario, manifest, trace);
            if (manifest is not null)
                ExpectLayers(scenario, trace);
        });
    }

    // Token order differs from ours after the first layer, so importances are compared as sets.
    private void ExpectLayers(string scenario, ReductionTrace trace)
    {
        for (var call = 0; call < trace.Steps.Count; call++)
        {
            var name = $"{scenario}.layer{call}";
            if (trace.Steps[call].Tensors is { } step && Fixture.Has($"{name}.importance"))
            {
                Compare(name, "importance (as a set)", step.Importance.Total.sort(1).Values,
                    Input($"{name}.importance").sort(1).Values, Scores);
                Expect(name, "threshold", step.Wanted.Threshold, Scores);
                Expect(name, "topk_num", step.Wanted.Counts.max(), Exact);
            }
        }
    }
}

/// <summary>A small BLIP VQA end to end: losses, gradients, tokens kept, ranked and generated answers.</summary>
internal sealed class BlipVqaCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    protected override void Check()
    {
        var model = new BlipVqa(Fixture.Blip() with { DecodeId = (int)Input("cand_ids")[0, 0].item<long>() });
        Fixture.LoadInto(model);
        model.eval();
        ForEachCase(model, "loss_vqa", (scenario, manifest, reduction) =>
        {
            using var trace = reduction.Record(TraceDetail.Tensors);
            model.zero_grad();
            var output = model.Forward(Input("image"), Input("question_ids"), Input("question_mask"), Answers());
            var alignment = reduction.Temperature == 0 ? output.Loss : AlignmentLoss.Of(output.Aligned)!; // as for NLVR2
            BackwardPass.Run(output.Loss + (alignment * 0.1));
            Expect(scenario, "loss_vqa", output.Loss, Features);
            Expect(scenario, "loss_fdt", alignment, Features);
            Expect(scenario, "question_cls", output.Encoding.Question.X.select(1, 0), Features);
            ExpectGradients(scenario, model);
            ExpectCounts(scenario, manifest, trace);
            var candidates = new AnswerCandidates(Input("cand_ids"), Input("cand_mask"));
            var settings = GenerationSettings.Answer with { EndId = EndId, PaddingId = model.Config.Text.PaddingId };
            Expect(scenario, "rank_ids", model.Rank(output.Encoding, candidates, Fixture.Size("k_test")).Best, Exact);
            Expect(scenario, "gen_ids", model.Generate(output.Encoding, settings), Exact);
        });
    }

    private VqaAnswers Answers()
    {
        var counts = Input("n"); // answers of each question
        var questionOf = arange(counts.shape[0], dtype: int64).repeat_interleave(counts);
        return new VqaAnswers(Input("answer_ids"), Input("answer_mask"), Input("weights"), questionOf);
    }
}

/// <summary>
/// A small BLIP captioner end to end: word scores, loss, gradients, tokens kept, and what greedy and beam search say.
/// </summary>
internal sealed partial class BlipCaptionCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    protected override void Check()
    {
        var model = new BlipCaptioner(Fixture.Blip());
        Fixture.LoadInto(model);
        model.eval();
        ForEachCase(model, "loss_lm", (scenario, manifest, reduction) =>
        {
            using (var trace = reduction.Record(TraceDetail.Tensors))
            {
                model.zero_grad();
                var output = model.Forward(
                    Input("image"), Input("input_ids"), Input("attention_mask"), Fixture.Size("prompt_length"));
                var alignment = output.Loss; // the released objective has no text feature and counts the task loss again
                BackwardPass.Run(output.Loss + (alignment * 0.1));
                Expect(scenario, "image_embeds_cls", output.Vision.X.select(1, 0), Features);
                Expect(scenario, "lm_logits", output.Logits, Features);
                Expect(scenario, "loss_lm", output.Loss, Features);
                Expect(scenario, "loss_fdt", alignment, Features);
                ExpectGradients(scenario, model);
                ExpectCounts(scenario, manifest, trace);
            }

            ExpectTexts(model, scenario);
        });
    }

    private void ExpectTexts(BlipCaptioner model, string scenario)
    {
        using var off = no_grad();
        var images = ImageContext.Of(model.VisualEncoder.forward(Input("image")));
        foreach (var name in Fixture.Names.Where(name => name.StartsWith(scenario + ".gen_", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            var tensor = name[(scenario.Length + 1)..];
            if (Generated().Match(tensor) is { Success: true } match)
            {
                int Number(int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
                var settings = new GenerationSettings
                {
                    Beams = Number(1), MaxLength = Number(2), MinLength = Number(3), EndId = EndId,
                        PaddingId = model.Config.Text.PaddingId,
                };
                Expect(scenario, tensor, model.Generate(images, Input("prompt_input_ids"), settings), Exact);
            }
        }
    }

    [GeneratedRegex(@"^gen_beams(\d+)_max(\d+)_min(\d+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Generated();
}
