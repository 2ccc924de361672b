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

    // Averages of the unit vectors are the weights themselves.
    private static Tensor EntryByEntry(Tensor row) =>
        Sparsemax.Averages(row.expand(row.shape[0], 1, -1), 1, null, eye(row.shape[0])).flatten();

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
        var scores = tensor(row) * (float)Math.Pow(10, exponent);
        return new[] { Sparsemax.Project(scores), EntryByEntry(scores) }.Select(p => p.data<float>().ToArray())
            .All(p => p.All(value => value >= 0) && Math.Abs(p.Sum() - 1) < 1e-4);
    }).QuickCheckThrowOnFailure();

    /// <summary>Projected rows are sorted; for their averages entries are left out until none is too small.</summary>
    [Fact]
    public void Both_ways_give_the_same() => Prop.ForAll(Rows, Gen.Choose(-2, 9).ToArbitrary(), (row, exponent) =>
    {
        using var scope = NewDisposeScope();
        var scores = tensor(row) * (float)Math.Pow(10, exponent);
        return (Sparsemax.Project(scores) - EntryByEntry(scores)).abs().max().item<float>() < 1e-4f;
    }).QuickCheckThrowOnFailure();

    /// <summary>
    /// An entry that equals τ belongs to neither side: of 58 entries above it, 57 without it, the search for τ once went to and
    /// fro for ever.
    /// </summary>
    [Fact]
    public void An_entry_at_the_threshold_changes_nothing() => Prop.ForAll(Rows, Gen.Choose(1, 2000).ToArbitrary(), (row, width) =>
    {
        using var scope = NewDisposeScope();
        var scores = row.Select(z => z / width).ToArray();
        var before = Sparsemax.Project(tensor(scores)).data<float>().ToArray();
        var tau = scores.Zip(before, (z, p) => z - p).Where((_, i) => before[i] > 0).Average();
        return Enumerable.Range(-2, 5).All(step =>
        {
            var edge = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(tau) + step); // τ, and its neighbours
            var after = EntryByEntry(tensor([.. scores, edge])).data<float>().ToArray();
            return after.Zip([.. before, 0], (one, other) => Math.Abs(one - other) < 1e-4).All(ok => ok);
        });
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_row_that_once_hung_is_projected()
    {
        using var scope = NewDisposeScope();
        var p = EntryByEntry(tensor(AtTheThreshold)).data<float>().ToArray();
        Assert.Equal(1, p.Sum(), 1e-5);
        Assert.Equal(57, p.Count(value => value > 1e-6));
    }

    // Of the toy model at T = 2.738: −0.04234206 is τ in float32.
    private static readonly float[] AtTheThreshold =
    [
        -0.027962893f, -0.026697814f, -0.030717567f, -0.029048976f, -0.026699387f, -0.024913814f, -0.025708713f, -0.025550984f,
        -0.02852999f, -0.02526595f, -0.024085715f, -0.027020019f, -0.022889223f, -0.020284187f, -0.028725784f, -0.029399097f,
        -0.030017536f, -0.025197428f, -0.042641155f, -0.013086803f, -0.022244189f, -0.030292697f, -0.017440584f, -0.025484875f,
        -0.048451155f, -0.037899196f, -0.02332605f, -0.053007007f, -0.04839586f, -0.011927851f, -0.02365563f, -0.022195935f,
        -0.04234206f, -0.042807076f, -0.013975367f, -0.017947529f, 0f, -0.01215373f, -0.023737364f, -0.02717276f, -0.02620517f,
        -0.018006068f, -0.02291904f, -0.020373713f, -0.04173212f, -0.035496056f, -0.015919872f, -0.028165836f, -0.025379356f,
        -0.029187892f, -0.02259526f, -0.026925024f, -0.045897588f, -0.03902664f, -0.014570132f, -0.02477071f, -0.029577728f,
        -0.0273689f, -0.02628152f, -0.026627071f, -0.028764281f, -0.025839053f, -0.027726188f, -0.028784167f,
    ];

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

    /// <summary>An entry that equals τ has no weight and is off the support, whose mean it does not enter either.</summary>
    [Theory]
    [InlineData(new[] { 1f, 0f }, new[] { 0f, 0f })]
    [InlineData(new[] { 0f, 0.5f, -0.5f, 0.5f }, new[] { 0f, 1f, 0f, -1f })]
    [InlineData(new[] { 0f, 1f, 0f, 0f }, new[] { 0f, 0f, 0f, 0f })]
    public void An_entry_at_the_threshold_has_no_gradient(float[] row, float[] expected)
    {
        using var scope = NewDisposeScope();
        var z = tensor(row).requires_grad_();
        var weights = tensor(new[] { 3f, 5f, 7f, 3f })[..row.Length];
        (Sparsemax.Project(z) * weights).sum().backward();
        Assert.Equal(expected, z.grad!.data<float>().ToArray().Select(value => MathF.Round(value, 5)));
    }

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
