using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Madtp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

public class SparsemaxTests
{
    private static readonly Arbitrary<float[]> Rows =
        Gen.Choose(-4000, 4000).Select(n => n / 1000f).ArrayOf().Where(row => row.Length is > 0 and < 40).ToArbitrary();

    [Fact]
    public void Rows_are_distributions() => Prop.ForAll(Rows, row =>
    {
        using var scope = NewDisposeScope();
        var p = Sparsemax.Project(tensor(row)).data<float>().ToArray();
        return p.All(value => value >= 0) && Math.Abs(p.Sum() - 1) < 1e-4;
    }).QuickCheckThrowOnFailure();

    /// <summary>T multiplies the scores, up to 10⁵ while a budget is looked for and to anything a person types.</summary>
    [Fact]
    public void No_size_of_scores_breaks_it() => Prop.ForAll(Rows, Gen.Choose(0, 30).ToArbitrary(), (row, exponent) =>
    {
        using var scope = NewDisposeScope();
        var p = Sparsemax.Project(tensor(row) * (float)Math.Pow(10, exponent)).data<float>().ToArray();
        return p.All(value => value >= 0) && Math.Abs(p.Sum() - 1) < 1e-4;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void It_is_the_nearest_point_of_the_simplex() => Prop.ForAll(Rows, row =>
    {
        // Optimality: z − p equals one number τ on the support and is at most τ off it.
        using var scope = NewDisposeScope();
        var p = Sparsemax.Project(tensor(row)).data<float>().ToArray();
        var gaps = row.Zip(p, (z, q) => z - q).ToArray();
        var tau = gaps.Where((_, i) => p[i] > 1e-6).Average();
        return gaps.Select((gap, i) => p[i] > 1e-6 ? Math.Abs(gap - tau) < 1e-4 : gap < tau + 1e-4).All(ok => ok);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_common_shift_changes_nothing() => Prop.ForAll(Rows, row =>
    {
        using var scope = NewDisposeScope();
        return (Sparsemax.Project(tensor(row)) - Sparsemax.Project(tensor(row) + 3)).abs().max().item<float>() < 1e-4f;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_gradient_is_centred_on_the_support()
    {
        using var scope = NewDisposeScope();
        var z = tensor(new[] { 0.9f, 0.7f, -2f, 0.4f }).requires_grad_();
        var g = tensor(new[] { 1f, 3f, 7f, -1f });
        (Sparsemax.Project(z) * g).sum().backward();
        Assert.Equal([0f, 2f, 0f, -2f], z.grad!.data<float>().ToArray().Select(value => MathF.Round(value, 5)));
    }
}
