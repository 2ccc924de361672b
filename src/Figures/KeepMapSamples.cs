using Madtp.Kit.Cost;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Models.Toy;
using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Figures;

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
        ToyNlvr2Model toy, string split, IReadOnlyList<int> examples, IReadOnlyList<double> temperatures)
    {
        using var pairs = ToyNlvr2Pairs.Draw(split, limit: examples.Max() + 1);
        using var reduction = toy.Attach(1);
        using var off = inference_mode();
        reduction.GatherFeatures = false;
        var costs = new NlvrRunCosts(toy.Model.Config);
        return [.. examples.Select(example =>
        {
            var view = PairView.Toy(split, example);
            using var scope = NewDisposeScope();
            var batch = pairs.Batch([example]);
            KeepMapRun[] runs = [.. temperatures.Select(temperature =>
            {
                reduction.Temperature = temperature;
                using var trace = reduction.Record(TraceDetail.Tensors);
                var answer = toy.Model.Forward(batch).Logits.softmax(1)[0, 1].item<float>();
                var (left, right) = (Layers(trace, "visual_encoder", 0, 1), Layers(trace, "visual_encoder", 1, 1));
                var text = Layers(trace, "text_encoder", 0, 0);
                return new KeepMapRun(temperature, costs.Shares(trace, batch.TextLengths)[0], answer, left, right, text);
            })];
            return new KeepMapSample(view.Sentence, view.Label, view.Left, view.Right, view.Grid, view.Pieces, runs);
        })];
    }

    /// <summary>The blocks of one sequence of a recorded pass.</summary>
    /// <param name="trace">Recorded with <see cref="TraceDetail.Tensors"/>.</param>
    /// <param name="encoder">The encoder's name.</param>
    /// <param name="sample">The sequence's place in the encoder's batch.</param>
    /// <param name="first">The position that is counted as 0: 1 for images, whose class token is no patch; 0 for text.</param>
    /// <exception cref="ArgumentException">The trace holds no tensors.</exception>
    public static IReadOnlyList<KeepMapLayer> Layers(ReductionTrace trace, string encoder, int sample, int first)
    {
        var merged = new List<int>(); // the blocks whose merged tokens are still there, in order
        var layers = new List<KeepMapLayer>();
        foreach (var step in trace.Of(encoder))
        {
            var tensors = step.Tensors ?? throw new ArgumentException(
                $"block {step.Layer + 1} of '{encoder}' was recorded without scores: use reduction.Record(TraceDetail.Tensors)");
            var layer = Layer(tensors, sample, first, merged);
            merged = [.. layer.Tokens.Where(token => token.Kept && token.Position < 0).Select(token => -token.Position)];
            if (step.TokensPerSample[sample] > 1 + layer.Tokens.Count(token => token.Kept))
            {
                merged.Add(step.Layer + 1);
            }

            layers.Add(layer);
        }

        return layers;
    }

    private static KeepMapLayer Layer(StepTensors step, int sample, int first, List<int> merged)
    {
        var scores = step.Importance;
        double[] total = Row(scores.Total, sample)!;
        var (byClass, bySelf, byAlignment) = (Row(scores.Class, sample), Row(scores.Self, sample), Row(scores.Alignment, sample));
        var positions = step.Candidates![sample].cpu().data<long>().ToArray();
        var real = Row(step.Mask, sample);
        var keep = Row(step.Kept?.Keep, sample);
        var older = new Queue<int>(merged);
        var tokens = new List<ScoredToken>();
        for (var i = 0; i < positions.Length; i++)
        {
            if (real is null || real[i] != 0)
            {
                var position = positions[i] < 0 ? -older.Dequeue() : (int)positions[i] - first;
                var isKept = keep is null || keep[i] != 0;
                tokens.Add(new ScoredToken(position, byClass?[i], bySelf?[i], byAlignment?[i], total[i], isKept));
            }
        }

        return new KeepMapLayer(Row(step.Wanted.Threshold?.unsqueeze(1), sample)?[0], tokens);
    }

    private static double[]? Row(Tensor? tensor, int sample) => tensor?[sample].to(float64).cpu().data<double>().ToArray();
}
