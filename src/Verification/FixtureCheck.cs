using System.Text.Json;
using Madtp.Kit.Madtp;
using static TorchSharp.torch;

namespace Madtp.Kit.Verification;

/// <summary>Runs the kit on one fixture and compares what comes out. One subclass per kind of fixture.</summary>
internal abstract class FixtureCheck(GoldenFixture fixture)
{
    private readonly List<VerificationRow> rows = [];
    private readonly HashSet<string> seen = [];

    /// <summary>Tolerances of the manifests: scores and weights.</summary>
    protected const double Scores = 1e-5;

    /// <summary>
    /// Scores before any softmax: sums of d_k products, whose rounding differs between versions of libtorch by up to 1.6e-5 and between
    /// CPU and GPU by up to 2.7e-5.
    /// </summary>
    protected const double RawScores = 3e-5;

    /// <summary>Features, logits and losses.</summary>
    protected const double Features = 2e-5;

    /// <summary>Gradients.</summary>
    protected const double Gradients = 1e-4;

    /// <summary>Integers.</summary>
    protected const double Exact = 0;

    /// <summary>The fixture.</summary>
    protected GoldenFixture Fixture { get; } = fixture;

    /// <summary>Runs all cases and returns one row per compared tensor, and a failed one per tensor that nothing was compared to.</summary>
    public IReadOnlyList<VerificationRow> Run()
    {
        using (NewDisposeScope())
        {
            Check();
        }

        foreach (var name in Fixture.Names.Where(name => !seen.Contains(name)).Order(StringComparer.Ordinal))
        {
            rows.Add(new VerificationRow(Fixture.Name, "", name, double.NaN, 0, false, "recorded, but never compared"));
        }

        return rows;
    }

    /// <summary>Runs the cases.</summary>
    protected abstract void Check();

    /// <summary>A recorded tensor that serves as input.</summary>
    protected Tensor Input(string name)
    {
        seen.Add(name);
        return Fixture[name];
    }

    /// <summary>Marks recorded tensors as inputs or as described by others.</summary>
    protected void Used(params string[] names) => seen.UnionWith(names);

    /// <summary>Compares with a recorded tensor.</summary>
    protected void Expect(string scenario, string tensor, Tensor? actual, double tolerance)
    {
        var name = $"{scenario}.{tensor}";
        seen.Add(name);
        Compare(scenario, tensor, actual, Fixture[name], tolerance);
    }

    /// <summary>Compares with a recorded tensor, if the fixture has it.</summary>
    protected void ExpectIfRecorded(string scenario, string tensor, Func<Tensor?> actual, double tolerance)
    {
        if (Fixture.Has($"{scenario}.{tensor}"))
        {
            Expect(scenario, tensor, actual(), tolerance);
        }
    }

    /// <summary>Compares with any expectation.</summary>
    protected void Compare(string scenario, string tensor, Tensor? actual, Tensor expected, double tolerance)
    {
        if (actual is null)
        {
            rows.Add(new VerificationRow(Fixture.Name, scenario, tensor, double.NaN, tolerance, false, "the kit computed nothing"));
            return;
        }

        if (!actual.shape.SequenceEqual(expected.shape))
        {
            var note = $"shape [{string.Join(", ", actual.shape)}], expected [{string.Join(", ", expected.shape)}]";
            rows.Add(new VerificationRow(Fixture.Name, scenario, tensor, double.NaN, tolerance, false, note));
            return;
        }

        if (expected.numel() == 0)
        {
            rows.Add(new VerificationRow(Fixture.Name, scenario, tensor, 0, tolerance, true));
            return;
        }

        var want = expected.to(float64);
        var error = (actual.detach().to(float64) - want).abs();
        var largest = error.max().item<double>();
        var ok = tolerance == 0 ? largest == 0 : (error <= (want.abs() + 1) * tolerance).all().item<bool>();
        rows.Add(new VerificationRow(Fixture.Name, scenario, tensor, largest, tolerance, ok));
    }

    /// <summary>Compares integers with the manifest's.</summary>
    protected void Compare(string scenario, string what, IReadOnlyList<int> actual, IReadOnlyList<int> expected)
    {
        var same = actual.SequenceEqual(expected);
        var error = actual.Count == expected.Count ? actual.Zip(expected, (a, e) => Math.Abs(a - e)).DefaultIfEmpty(0).Max() : double.NaN;
        rows.Add(new VerificationRow(Fixture.Name, scenario, what, error, Exact, same, same ? "" : $"[{string.Join(", ", actual)}], expected [{string.Join(", ", expected)}]"));
    }

    /// <summary>Compares the tokens after every reduced block with the manifest's <c>tokens_after</c> of a case.</summary>
    protected void CompareTokensAfter(string scenario, JsonElement manifest, ReductionTrace trace)
    {
        foreach (var block in manifest.GetProperty("tokens_after").EnumerateObject())
        {
            var encoder = block.Name[..block.Name.IndexOf('.', StringComparison.Ordinal)];
            Compare(scenario, $"tokens after {block.Name}", TokenCounts.After(trace, encoder, block.Name), TokenCounts.List(block.Value));
        }
    }

    /// <summary>A scalar tensor as a double.</summary>
    protected static double Number(Tensor scalar) => scalar.to(float64).item<double>();
}
