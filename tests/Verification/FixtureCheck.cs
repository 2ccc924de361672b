using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>Runs the kit on one fixture and compares what comes out. One subclass per kind of fixture.</summary>
/// <remarks>
/// The reference leaves the order of kept tokens open and records it in <c>kept_indices</c>; the kit keeps tokens in order of
/// position. A permutation <c>[B, N]</c> tells which of our candidates is the reference's j-th.
/// </remarks>
internal abstract class FixtureCheck(GoldenFixture fixture)
{
    /// <summary>Tolerance of scores and weights, as the manifests give it.</summary>
    protected const double Scores = 1e-5;

    /// <summary>
    /// Scores before any softmax: sums of d_k products, whose rounding differs between versions of libtorch by up to 1.6e-5 and
    /// between CPU and GPU by up to 2.7e-5.
    /// </summary>
    protected const double RawScores = 3e-5;

    /// <summary>Features, logits and losses.</summary>
    protected const double Features = 2e-5;

    /// <summary>Gradients.</summary>
    protected const double Gradients = 1e-4;

    /// <summary>Integers.</summary>
    protected const double Exact = 0;

    /// <summary>The end of a text in the fixtures' vocabulary: PAD 0, CLS 1, SEP 2, DEC 3, ENC 4.</summary>
    protected const int EndId = 2;

    // No tag: the unsorted top-k of a CPU, the reference's machine.
    private static readonly (string Tag, TokenOrder Order)[] Orders =
        [("", TokenOrder.LibraryOnCpu), (".sorted", TokenOrder.Importance), (".cuda", TokenOrder.LeastImportantLast)];

    private readonly List<VerificationRow> rows = [];
    private readonly HashSet<string> seen = [];

    /// <summary>The fixture.</summary>
    protected GoldenFixture Fixture { get; } = fixture;

    /// <summary>The fixture's cases by name.</summary>
    protected IReadOnlyList<KeyValuePair<string, ManifestValue>> Cases => Fixture.Manifest["cases"].Members;

    /// <summary>
    /// Runs all cases and returns one row per compared tensor, and a failed one per tensor that nothing was compared to.
    /// </summary>
    public IReadOnlyList<VerificationRow> Run()
    {
        using (NewDisposeScope())
            Check();

        foreach (var name in Fixture.Names.Where(name => !seen.Contains(name)).Order(StringComparer.Ordinal))
            Add("", name, double.NaN, Exact, false, "recorded, but never compared");

        return rows;
    }

    /// <summary>Runs the cases.</summary>
    protected abstract void Check();

    /// <summary>Every case in every order of kept tokens that it was recorded in, with the released method attached.</summary>
    /// <param name="model">The model.</param>
    /// <param name="recorded">A tensor that each case has.</param>
    /// <param name="run">Given the prefix of the case's tensors, and its manifest where counts were recorded.</param>
    protected void ForEachCase(IReducibleModel model, string recorded, Action<string, ManifestValue?, TokenReduction> run)
    {
        foreach (var (name, manifest) in Cases)
        {
            foreach (var (tag, order) in Orders.Where(order => Fixture.Has($"{name}{order.Tag}.{recorded}")))
            {
                var policy = ReductionPolicy.Released with { Order = order };
                using var reduction = TokenReduction.Attach(model, policy, manifest["temperature"].Number);
                run(name + tag, tag.Length == 0 ? manifest : null, reduction);
            }
        }
    }

    /// <summary>A recorded tensor that serves as input.</summary>
    protected Tensor Input(string name)
    {
        seen.Add(name);
        return Fixture[name];
    }

    /// <summary>A recorded number that serves as input.</summary>
    protected double Number(string name) => Input(name).to(float64).item<double>();

    /// <summary>Compares with a recorded tensor.</summary>
    protected void Expect(string scenario, string tensor, Tensor? actual, double tolerance) =>
        Compare(scenario, tensor, actual, Input($"{scenario}.{tensor}"), tolerance);

    /// <summary>Compares with a recorded tensor, if the fixture has it.</summary>
    protected void ExpectIfRecorded(string scenario, string tensor, Func<Tensor?> actual, double tolerance)
    {
        if (Fixture.Has($"{scenario}.{tensor}"))
            Expect(scenario, tensor, actual(), tolerance);
    }

    /// <summary>Compares with any expectation.</summary>
    protected void Compare(string scenario, string tensor, Tensor? actual, Tensor expected, double tolerance)
    {
        if (actual is null)
        {
            Add(scenario, tensor, double.NaN, tolerance, false, "the kit computed nothing");
        }
        else if (!actual.shape.SequenceEqual(expected.shape))
        {
            Add(scenario, tensor, double.NaN, tolerance, false,
                $"shape [{string.Join(", ", actual.shape)}], expected [{string.Join(", ", expected.shape)}]");
        }
        else if (expected.numel() == 0)
        {
            Add(scenario, tensor, 0, tolerance, true);
        }
        else
        {
            var (found, want) = (actual.detach().to(float64), expected.to(float64));
            var same = found == want; // of infinities too, whose difference is no number
            var error = where(same, 0.0, (found - want).abs());
            var within = (error <= (want.abs() + 1) * tolerance).logical_and(want.isfinite()); // nothing is near an infinity
            Add(scenario, tensor, error.max().item<double>(), tolerance, same.logical_or(within).all().item<bool>());
        }
    }

    /// <summary>Compares integers with the manifest's.</summary>
    protected void Compare(string scenario, string what, IReadOnlyList<int> actual, IReadOnlyList<int> expected)
    {
        var same = actual.SequenceEqual(expected);
        var error = actual.Count == expected.Count ? actual.Zip(expected, (a, e) => Math.Abs(a - e)).DefaultIfEmpty(0).Max()
            : double.NaN;
        Add(scenario, what, error, Exact, same,
            same ? "" : $"[{string.Join(", ", actual)}], expected [{string.Join(", ", expected)}]");
    }

    /// <summary>
    /// Compares gradients' L2 norms, a parameter without one counting 0: of the parameters that the manifest names, and of all.
    /// </summary>
    protected void ExpectGradients(string scenario, nn.Module model)
    {
        static Tensor Norm(Parameter parameter) => parameter.grad is { } gradient ? gradient.norm() : zeros([]);
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        ExpectIfRecorded(scenario, "grad_norms",
            () => stack([.. Fixture.Manifest["grad_names"].Texts.Select(name => parameters.TryGetValue(name, out var parameter)
                ? Norm(parameter)
                : throw new InvalidDataException(
                    $"{Fixture.Manifest.File}: \"grad_names\" names '{name}', which is no parameter"))]),
            Gradients);
        ExpectIfRecorded(scenario, "grad_norm_total", () => stack([.. parameters.Values.Select(Norm)]).norm(), Gradients);
    }

    /// <summary>
    /// Compares the tokens after every reduced block, and where they are recorded the counts of every pruning call, with a
    /// case's.
    /// </summary>
    protected void ExpectCounts(string scenario, ManifestValue? manifest, ReductionTrace trace)
    {
        if (manifest is not { } recorded)
            return;

        foreach (var (block, counts) in recorded["tokens_after"].Members)
        {
            var steps = trace.Of(block.Split('.')[0]).Where(step => block.EndsWith($".{step.Layer}", StringComparison.Ordinal));
            Compare(scenario, $"tokens after {block}", [.. steps.Select(step => step.Length)], counts.Integers);
        }
    }

    /// <summary>
    /// Compares every pruning call: candidates, count wanted, whether tokens were taken out, tokens left beside the class token.
    /// </summary>
    protected void ExpectCalls(string scenario, ManifestValue manifest, ReductionTrace trace) => Compare(
        scenario,
        "pruning calls",
        [
            .. trace.Steps.Where(step => step.Tensors is not null).SelectMany(step => new[]
            {
                (int)step.Tensors!.Importance.Total.shape[1], (int)step.Tensors.Wanted.Counts.max().item<long>(),
                    step.Pruned ? 1 : 0, step.Length - 1,
            }),
        ],
        manifest["calls"].Integers);

    /// <summary>Compares scores, thresholds, counts, selection and merge weights of a step.</summary>
    /// <param name="scenario">Prefix of the recorded tensors.</param>
    /// <param name="step">What the kit did.</param>
    /// <param name="permutation">Our candidate at each of the reference's places, <c>[B, N]</c>; null for the candidates' own
    /// order.</param>
    /// <returns>The permutation of the tokens after the step.</returns>
    protected Tensor ExpectStep(string scenario, StepTensors step, Tensor? permutation = null)
    {
        var importance = step.Importance;
        var (samples, candidates) = (importance.Total.shape[0], importance.Total.shape[1]);
        var places = permutation?.shape[1] == candidates ? permutation
            : arange(candidates, dtype: int64).unsqueeze(0).repeat(samples, 1);
        Expect(scenario, "token_attn_raw", Reordered(step.RawAlignment!, places), RawScores);
        Expect(scenario, "self_score", Reordered(importance.Self!, places), Scores);
        Expect(scenario, "token_score", Reordered(importance.Alignment!, places), Scores);
        Expect(scenario, "cls_score", Reordered(importance.Class!, places), Scores);
        Expect(scenario, "importance", Reordered(importance.Total, places), Scores);
        Expect(scenario, "code_thresholds", step.Wanted.Thresholds, Scores);
        Expect(scenario, "threshold", step.Wanted.Threshold, Scores);
        Expect(scenario, "kept_per_sample", step.Wanted.Counts, Exact);
        Expect(scenario, "pruned", tensor(step.Kept is null ? 0L : 1L), Exact);
        Expect(scenario, "topk_num", step.Wanted.Counts.max(), Exact);
        // Where only one of both took tokens out, "pruned" has said so, and there is no row to match.
        if (step.Kept is not { } kept || !Fixture.Has($"{scenario}.kept_indices"))
            return places;

        var index = Kept(kept);
        var reference = places.argsort(1); // reference place of each of our candidates
        var theirs = Candidates($"{scenario}.kept_indices", samples, candidates);
        var ranking = importance.Total.sort(1, descending: true, stable: true).Indices;
        var each = eye(candidates, dtype: importance.Total.dtype).expand(samples, -1, -1); // merged, they are their weights
        var weights = TokenMerging.Merge(each, importance.Total.masked_fill(kept.Keep, 0)).squeeze(1);
        Compare(scenario, "kept_indices (as a set)", reference.gather(1, index).sort(1).Values, theirs.sort(1).Values, Exact);
        Expect(scenario, "sorted_indices", reference.gather(1, ranking), Exact);
        Expect(scenario, "merge_weights", weights.gather(1, ranking.slice(1, index.shape[1], ranking.shape[1], 1)), Scores);

        var ours = places.gather(1, theirs); // our candidate at the reference's j-th place
        var place = (index.unsqueeze(1) == ours.unsqueeze(2)).to(int64).argmax(2); // [B, k]
        return cat([place, full([place.shape[0], 1], place.shape[1], dtype: int64)], 1); // the merged token stands last
    }

    /// <summary>Kept candidates in their new order, <c>[B, k]</c>: the rows behind the class token's.</summary>
    protected static Tensor Kept(KeptRows kept) => kept.Rows.slice(1, 1, kept.Rows.shape[1], 1) - 1;

    /// <summary>Compares a step as <see cref="ExpectStep"/> does, and the tokens after it.</summary>
    protected Tensor ExpectStepAndTokens(string scenario, StepTensors step, Tensor? permutation = null)
    {
        var places = ExpectStep(scenario, step, permutation);
        Expect(scenario, "tokens_out", Reordered(step.Output.slice(1, 1, step.Output.shape[1], 1), places), Features);
        return places;
    }

    /// <summary>
    /// Our per-token values <c>[B, N, …]</c> in the reference's order; in ours where it has another number of tokens, which the
    /// comparison then says.
    /// </summary>
    protected static Tensor Reordered(Tensor ours, Tensor permutation)
    {
        if (ours.shape[1] != permutation.shape[1])
            return ours;

        var index = permutation.reshape([.. permutation.shape, .. Enumerable.Repeat(1L, ours.shape.Length - 2)]);
        return ours.gather(1, index.expand([.. permutation.shape, .. ours.shape[2..]]));
    }

    /// <summary>Our tokens <c>[B, 1 + N, d]</c>, class token first, in the reference's order.</summary>
    protected static Tensor ReorderedTokens(Tensor ours, Tensor permutation) =>
        Reordered(ours, cat([zeros(permutation.shape[0], 1, dtype: int64), permutation + 1], 1));

    // Recorded places of candidates, [B, k]: whoever gathers by others ends in libtorch's words.
    private Tensor Candidates(string name, long samples, long candidates)
    {
        var places = Input(name);
        return places.dtype == int64 && places.dim() == 2 && places.shape[0] == samples
            && (places.numel() == 0 || (places.min().item<long>() >= 0 && places.max().item<long>() < candidates))
            ? places
            : throw new InvalidDataException(
                $"fixture '{Fixture.Name}': '{name}' does not hold places of {candidates} candidates of {samples} samples");
    }

    private void Add(string scenario, string tensor, double error, double tolerance, bool ok, string note = "") =>
        rows.Add(new VerificationRow(Fixture.Name, scenario, tensor, error, tolerance, ok, note));
}
