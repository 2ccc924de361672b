using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>Compares one pruning step with the tensors recorded for it.</summary>
internal abstract class StepCheck(GoldenFixture fixture) : FixtureCheck(fixture)
{
    /// <summary>
    /// Compares scores, thresholds, counts, selection, merge weights and output of a step.
    /// </summary>
    /// <param name="scenario">Prefix of the recorded tensors.</param>
    /// <param name="step">What the kit did.</param>
    /// <param name="permutation">Our candidate at each of the reference's places, <c>[B, N]</c>.</param>
    /// <returns>The permutation of the tokens after the step.</returns>
    protected Tensor ExpectStep(string scenario, StepTensors step, Tensor permutation)
    {
        ExpectScores(scenario, step, permutation);
        Expect(scenario, "kept_per_sample", step.Decision.Counts, Exact);
        Expect(scenario, "pruned", tensor(step.Selection is null ? 0L : 1L), Exact);
        Expect(scenario, "topk_num", step.Decision.Counts.max(), Exact);
        return step.Selection is null ? permutation : ExpectSelection(scenario, step, permutation);
    }

    private void ExpectScores(string scenario, StepTensors step, Tensor permutation)
    {
        Expect(scenario, "token_attn_raw", PruningExpectations.Reordered(step.RawAlignment!, permutation), RawScores);
        Expect(scenario, "self_score", PruningExpectations.Reordered(step.Importance.Self!, permutation), Scores);
        Expect(scenario, "token_score", PruningExpectations.Reordered(step.Importance.Alignment!, permutation), Scores);
        Expect(scenario, "cls_score", PruningExpectations.Reordered(step.Importance.Class!, permutation), Scores);
        Expect(scenario, "importance", PruningExpectations.Reordered(step.Importance.Total, permutation), Scores);
        Expect(scenario, "code_thresholds", step.Decision.Thresholds, Scores);
        Expect(scenario, "threshold", step.Decision.Threshold, Scores);
    }

    private Tensor ExpectSelection(string scenario, StepTensors step, Tensor permutation)
    {
        var reference = PruningExpectations.Inverse(permutation); // reference place of each of our candidates
        var theirs = Input($"{scenario}.kept_indices");
        var ours = step.Selection!.Index;
        Compare(scenario, "kept_indices (as a set)", reference.gather(1, ours).sort(1).Values, theirs.sort(1).Values, Exact);
        Expect(scenario, "sorted_indices", reference.gather(1, PruningExpectations.Ranking(step.Importance.Total)), Exact);
        Expect(scenario, "merge_weights", PruningExpectations.MergeWeights(step), Scores);
        return PruningExpectations.After(permutation, ours, theirs, merged: true);
    }
}
