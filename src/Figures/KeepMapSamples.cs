using Madtp.Kit.Cost;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using static TorchSharp.torch;

namespace Madtp.Kit.Figures;

/// <summary>A pair of images and a statement, and what was pruned of them at several temperatures.</summary>
/// <param name="Runs">Its passes, by ascending temperature; every sample of a page has the same ones.</param>
/// <param name="Opens">The run that the page opens with, from 0; the middle one if null.</param>
public sealed record KeepMapSample(PairView Pair, IReadOnlyList<KeepMapRun> Runs, int? Opens = null);

/// <summary>One forward pass over a pair, at one temperature, block by block.</summary>
/// <param name="Temperature">T; +∞ where nothing is pruned.</param>
/// <param name="MacShare">What it cost, as a share of the plain model's multiply-accumulates.</param>
/// <param name="True">The model's probability that the statement is true, or that text and image match; CLIP's cosine.</param>
/// <param name="Right">The right image's blocks; none where there is one image only.</param>
/// <param name="Says">What the run says in a sentence; null for the answer to a statement.</param>
/// <param name="Name">What the run is called where that is not its temperature: a rival and its strength.</param>
public sealed record KeepMapRun(
    double Temperature, double MacShare, double True, IReadOnlyList<KeepMapLayer> Left, IReadOnlyList<KeepMapLayer> Right,
    IReadOnlyList<KeepMapLayer> Text, string? Says = null, string? Name = null)
{
    /// <summary>What pruned.</summary>
    public ReductionPolicy Policy { get; init; } = ReductionPolicy.Fixed;

    /// <summary>What becomes of a pruned token, in a sentence.</summary>
    internal string Fate => Policy.Reducer.AddsToken ? "It lives on in the merged token."
        : Policy.Reducer.Merges ? "It lives on in a token like it." : "It is gone.";

    /// <summary>What the score is that decides, in a word or two: TIS, one of its parts, or a rival's own.</summary>
    internal string Score => Policy.Scorer switch
    {
        ImportanceScorer { Parts: ScoreParts.All } => "TIS",
        ImportanceScorer { Parts: ScoreParts.Class } => "S_cls",
        ImportanceScorer { Parts: ScoreParts.Self } => "S_self",
        ImportanceScorer { Parts: ScoreParts.Alignment } => "S_token",
        ImportanceScorer => "mean of two",
        ClassAttentionScorer => "class attention",
        BipartiteScorer => "unlikeness",
        CrossGuidedScorer => "unlikeness, guided",
        RandomScorer => "lot",
        _ => "score",
    };

    /// <summary>What is left of one sequence: what its blocks keep, and what they never choose from.</summary>
    /// <param name="always">Positions of the latter.</param>
    internal TokensLeft Kept(IReadOnlyList<KeepMapLayer> layers, IEnumerable<int> always) => new(
        [.. layers.Select(layer => (int[])[.. always, .. layer.Positions.Where((at, i) => at >= 0 && layer.Kept[i])])],
        [], Policy.Reducer.Merges);
}

/// <summary>What one block did with the tokens of one image or text that it chose from, in order; all others were gone before, or
/// always stay.</summary>
/// <param name="Threshold">θ; null for methods without one.</param>
/// <param name="Positions">Their patches or words, from 0; −b for the token that block b (from 1) merged what it pruned
/// into.</param>
/// <param name="Kept">Whether they go on as tokens of their own.</param>
/// <param name="Total">What decides: TIS, the token importance score, or a rival's own (<see cref="KeepMapRun.Policy"/>).</param>
/// <param name="Class">S_cls; null where it is not in use.</param>
/// <param name="Self">S_self, likewise.</param>
/// <param name="Alignment">S_token, likewise.</param>
/// <param name="Claims">The learnable tokens that look hardest at them (argmax over K of A, eq. 2), from 0; null without.</param>
public sealed record KeepMapLayer(
    double? Threshold, IReadOnlyList<int> Positions, IReadOnlyList<bool> Kept, IReadOnlyList<double> Total,
    IReadOnlyList<double>? Class = null, IReadOnlyList<double>? Self = null, IReadOnlyList<double>? Alignment = null,
    IReadOnlyList<long>? Claims = null);

/// <summary>Records what a keep-map page shows.</summary>
public static class KeepMapSamples
{
    /// <summary>Runs examples of the toy world one by one at each temperature.</summary>
    /// <param name="toy">The model; nothing may be attached to it.</param>
    /// <param name="split">"train", "dev" or "test1".</param>
    /// <param name="examples">The examples' numbers in the split, from 0.</param>
    /// <param name="temperatures">The temperatures, in the order of the page's slider.</param>
    /// <exception cref="ArgumentException">There is no such split.</exception>
    /// <exception cref="InvalidOperationException">A reduction is attached to the model already.</exception>
    public static IReadOnlyList<KeepMapSample> Toy(
        ToyModel<BlipNlvr> toy, string split, IReadOnlyList<int> examples, IReadOnlyList<double> temperatures)
    {
        using var pairs = ToyNlvr2Pairs.Draw(split, limit: examples.Max() + 1);
        using var off = inference_mode();
        var costs = RunCosts.Of(toy.Model);
        return [.. examples.Select(example =>
        {
            using var scope = NewDisposeScope();
            var (view, batch) = (PairView.Toy(split, example), pairs.Batch([example]));
            KeepMapRun At(double temperature) =>
                Run(toy.Model, costs, PruningMethod.Madtp.At(temperature), batch.Images, batch.Ids, batch.Mask);
            return new KeepMapSample(view, [.. temperatures.Select(At)]);
        })];
    }

    /// <summary>Runs one example with a method attached.</summary>
    /// <param name="model">A BLIP for NLVR2 or retrieval, or a CLIP; nothing may be attached to it.</param>
    /// <param name="pictures">One picture, for NLVR2 two, <c>[2, 3, H, W]</c>.</param>
    /// <param name="ids">The text, <c>[1, N]</c>.</param>
    internal static KeepMapRun Run(
        IReducibleModel model, RunCosts costs, PruningSetting setting, Tensor pictures, Tensor ids, Tensor mask)
    {
        using var scope = NewDisposeScope();
        using var reduction = setting.Attach(model);
        using var trace = reduction.Record(TraceDetail.Tensors);
        var (answer, says) = Answer(model, pictures, ids, mask);
        var (vision, words) = model is ClipModel ? ("visual", "transformer") : ("visual_encoder", "text_encoder");
        var before = model is BlipRetrieval blip ? blip.TextEncoder.Layers.Count : 0; // the text alone, for its feature
        var width = model.ReducibleEncoders[0].SpaceDict?.shape[1] ?? 1;
        return new KeepMapRun(
            setting.Strength, costs.Shares(trace, [(int)ids.shape[1]])[0], answer,
            Layers(trace, vision, 0, 1, 0, width), model is BlipNlvr ? Layers(trace, vision, 1, 1, 0, width) : [],
            Layers(trace, words, 0, 0, before, width))
        {
            Says = says, Policy = setting.Policy,
        };
    }

    private static (double Answer, string? Says) Answer(IReducibleModel model, Tensor pictures, Tensor ids, Tensor mask)
    {
        static double Probability(Tensor logits) => logits.softmax(1)[0, 1].item<float>();
        static double Cosine(Tensor one, Tensor other) => (one * other).sum().item<float>();
        switch (model)
        {
            case BlipNlvr nlvr:
                return (Probability(nlvr.Forward(pictures, ids, mask).Logits), null);
            case BlipRetrieval blip:
                var (image, text) = (blip.EncodeImages(pictures), blip.EncodeTexts(ids, mask));
                var match = Probability(blip.Match(ImageContext.Of(image.Tokens), ids, mask));
                return (match, FormattableString.Invariant(
                    $"They match with {100 * match:0.0} %; cosine {Cosine(image.Feature, text.Feature):0.000}."));
            default:
                var features = ((ClipModel)model).Forward(pictures, ids).Features;
                var cosine = Cosine(features.Image, features.Text);
                return (cosine, FormattableString.Invariant($"The cosine of picture and text is {cosine:0.000}."));
        }
    }

    /// <summary>The blocks of one sequence of a recorded pass; positions as in <see cref="ReductionTrace.Left"/>.</summary>
    /// <param name="skip">Blocks of an earlier pass of the same encoder, which are left out.</param>
    /// <param name="width">d_k of the alignment, by which it is told which learnable token looks hardest.</param>
    /// <exception cref="ArgumentException">The trace holds no tensors.</exception>
    internal static IReadOnlyList<KeepMapLayer> Layers(
        ReductionTrace trace, string encoder, int sample, int first, int skip = 0, long width = 1)
    {
        var merged = new List<int>(); // the blocks whose merged tokens are still there, in order
        var layers = new List<KeepMapLayer>();
        foreach (var step in trace.Of(encoder).Skip(skip))
        {
            var tensors = step.Tensors ?? throw new ArgumentException(
                $"block {step.Layer + 1} of '{encoder}' was recorded without scores: use reduction.Record(TraceDetail.Tensors)");
            var layer = Layer(tensors, sample, first, merged, width);
            merged = [.. layer.Positions.Where((position, i) => layer.Kept[i] && position < 0).Select(position => -position)];
            if (step.TokensPerSample[sample] > 1 + layer.Kept.Count(kept => kept))
                merged.Add(step.Layer + 1);

            layers.Add(layer);
        }

        return layers;
    }

    private static KeepMapLayer Layer(StepTensors step, int sample, int first, IEnumerable<int> merged, long width)
    {
        using var scope = NewDisposeScope();
        var real = (step.Mask?[sample] ?? ones(step.Candidates!.shape[1])).nonzero().squeeze(1); // rows that are no padding
        T[] Read<T>(Tensor of)
            where T : unmanaged => of.index_select(0, real).cpu().data<T>().ToArray();
        double[]? Row(Tensor? of) => of is null ? null : Read<double>(of[sample].to(float64));
        var older = new Queue<int>(merged);
        return new KeepMapLayer(
            step.Wanted.Threshold?[sample].to(float64).item<double>(),
            [.. Read<long>(step.Candidates![sample]).Select(at => at < 0 ? -older.Dequeue() : (int)at - first)],
            [.. (Row(step.Kept?.Keep) ?? Enumerable.Repeat(1.0, (int)real.shape[0])).Select(keep => keep != 0)],
            Row(step.Importance.Total)!, Row(step.Importance.Class), Row(step.Importance.Self), Row(step.Importance.Alignment),
            step.RawAlignment is { } raw ? Read<long>(Claims(raw[sample], step.Mask?[sample], width)) : null);
    }

    // R [N, K] and the mask [N] to the learnable token with the greatest weight of eq. 2 on each token, [N].
    private static Tensor Claims(Tensor raw, Tensor? mask, long width) =>
        AlignmentGuidance.AttentionMaps(
            raw.unsqueeze(0), width, mask is null ? null : AlignmentGuidance.Padding(mask.unsqueeze(0) == 0))[0].argmax(0);
}
