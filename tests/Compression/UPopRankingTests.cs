using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Compression;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Compression;

public sealed class UPopRankingTests
{
    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(7, 9);

    private static readonly Arbitrary<(int Seed, int Share)> Any =
        (from seed in Gen.Choose(1, 1_000_000) from share in Gen.Choose(0, 100) select (seed, share)).ToArbitrary();

    [Fact]
    public void ChoosesTheHighestRankedUntilTheBudgetIsMet() => Prop.ForAll(Any, drawn =>
    {
        var widths = Draw((ulong)drawn.Seed);
        var remove = drawn.Share / 100.0 * widths.Sum(width => (width.Gradients.Count - 1) * width.Cost);
        var chosen = UPopRanking.Choose(widths, remove);
        var removed = chosen.Select((units, i) => units.Count(goes => goes) * widths[i].Cost).Sum();
        var dearest = widths.Max(width => width.Cost);
        Assert.True(removed >= remove * (1 - 1e-9) && removed < remove + dearest, $"{removed} for {remove}");
        Assert.All(chosen, units => Assert.Contains(false, units));

        var scores = UPopRanking.Standardized(widths);
        var gone = Places(chosen, true).Select(p => scores[p.Width][p.Unit]).DefaultIfEmpty(double.PositiveInfinity).Min();
        var kept = Places(chosen, false).Where(p => Array.IndexOf(scores[p.Width], scores[p.Width].Min()) != p.Unit).Select(p => scores[p.Width][p.Unit]).DefaultIfEmpty(double.NegativeInfinity).Max();
        Assert.True(gone >= kept, $"a unit of {gone} went while one of {kept} stayed");
    }).Check(Cases);

    [Fact]
    public void AUnitThatGoesAtASmallBudgetGoesAtALargerOneToo() => Prop.ForAll(Any, drawn =>
    {
        var widths = Draw((ulong)drawn.Seed);
        var all = widths.Sum(width => (width.Gradients.Count - 1) * width.Cost);
        var (few, many) = (UPopRanking.Choose(widths, all * drawn.Share / 200), UPopRanking.Choose(widths, all * drawn.Share / 100));
        Assert.All(Places(few, true), place => Assert.True(many[place.Width][place.Unit]));
    }).Check(Cases);

    [Fact]
    public void ScaleAndOffsetOfAKindDoNotMatter() => Prop.ForAll(Any, drawn =>
    {
        var widths = Draw((ulong)drawn.Seed);
        UnitScores[] scaled = [.. widths.Select(width => width.IsFeedForward
            ? width with { Gradients = [.. width.Gradients.Select(g => (g * 1024) + 512)] } // powers of two: exact
            : width)];
        var remove = drawn.Share / 100.0 * widths.Sum(width => (width.Gradients.Count - 1) * width.Cost);
        Assert.Equal(UPopRanking.Choose(widths, remove), UPopRanking.Choose(scaled, remove));
    }).Check(Cases);

    [Fact]
    public void ScoresOfAKindHaveMeanZeroAndDeviationOne()
    {
        // Attention 1, 2, 3, 6 has mean 3 and deviation sqrt(14/3); the feed-forward units are all equal.
        UnitScores[] widths =
        [
            new(false, [1, 2], 1),
            new(false, [3, 6], 1),
            new(true, [5, 5, 5], 1),
        ];
        var scores = UPopRanking.Standardized(widths);
        var deviation = Math.Sqrt(14.0 / 3);
        Assert.Equal([-2 / deviation, -1 / deviation], scores[0]);
        Assert.Equal([0, 3 / deviation], scores[1]);
        Assert.Equal([0, 0, 0], scores[2]);
    }

    [Fact]
    public void WhereNothingIsToGoNothingGoes() =>
        Assert.All(UPopRanking.Choose([new(false, [1, 2, 3], 1)], 0), units => Assert.DoesNotContain(true, units));

    [Fact]
    public void MoreThanThereIsCannotBeTakenOut()
    {
        UnitScores[] widths = [new(true, [1, 2, 3], 1e6)];
        var error = Assert.Throws<ArgumentException>(() => UPopRanking.Choose(widths, 2.5e6));
        Assert.Contains("only 2.000 million", error.Message, StringComparison.Ordinal);
    }

    private static UnitScores[] Draw(ulong seed)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, 2 + (int)random.NextDouble(0, 6)).Select(i => new UnitScores(
            i % 3 == 2,
            [.. Enumerable.Range(0, 1 + (int)random.NextDouble(0, 12)).Select(_ => (float)Math.Round(random.NextDouble(-8, 8)) / 4)],
            Math.Round(random.NextDouble(1, 50))))];
    }

    private static IEnumerable<(int Width, int Unit)> Places(IReadOnlyList<bool[]> chosen, bool goes) =>
        chosen.SelectMany((units, width) => Enumerable.Range(0, units.Length).Where(unit => units[unit] == goes).Select(unit => (width, unit)));
}
