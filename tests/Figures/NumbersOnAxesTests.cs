using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Figures.Charts;
using Madtp.Kit.Figures.Drawing;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

public class NumbersOnAxesTests
{
    private static readonly Config Cases = Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(5, 5);

    [Fact]
    public void A_nice_step_is_round_and_divides_the_span_into_no_more_parts() => Prop.ForAll(
        Gen.Choose(-60, 60).Zip(Gen.Choose(1, 12)).ToArbitrary(),
        pair =>
        {
            var (span, parts) = (Math.Pow(10, pair.Item1 / 10.0), pair.Item2);
            var step = NiceStep.For(span, parts);
            var mantissa = step / Math.Pow(10, Math.Floor(Math.Log10(step) + 1e-9));
            Assert.Contains(Math.Round(mantissa, 6), new[] { 1, 2, 2.5, 5 });
            Assert.True(span / step <= parts * (1 + 1e-6));
            return true;
        }).Check(Cases);

    [Theory]
    [InlineData(0, 1, "0")]
    [InlineData(0.25, 0.25, "0.25")]
    [InlineData(0.5, 0.25, "0.50")]
    [InlineData(80, 5, "80")]
    [InlineData(-2, 1, "−2")]
    [InlineData(1000, 1000, "1000")]
    [InlineData(30000, 10000, "30k")]
    [InlineData(2500000, 500000, "2.5M")]
    [InlineData(132.54e9, 1e9, "133G")]
    [InlineData(1e-6, 1e-6, "1e−6")]
    public void Labels_have_the_digits_their_step_needs(double value, double step, string label) => Assert.Equal(label, NumberLabel.Of(value, step));

    [Fact]
    public void Bins_count_every_value_and_are_no_more_than_asked_for() => Prop.ForAll(
        Gen.Choose(1, 300).Zip(Gen.Choose(1, 30)).ToArbitrary(),
        pair =>
        {
            var random = new Random(pair.Item1);
            var values = Enumerable.Range(0, pair.Item1).Select(_ => (random.NextDouble() * 100) - 40).Append(double.NaN).ToArray();
            var bins = HistogramBins.Of(values, pair.Item2, "");
            Assert.Equal(pair.Item1, bins.Heights.Sum());
            Assert.True(bins.Heights.Count <= Math.Max(2, pair.Item2));
            Assert.Equal(1, HistogramBins.Of(values, pair.Item2, "probability").Heights.Sum(), 9);
            Assert.Equal(100, HistogramBins.Of(values, pair.Item2, "percent").Heights.Sum(), 9);
            return true;
        }).Check(Cases);

    [Theory]
    [InlineData("#0072b2", 0, 0x72, 0xb2, 1)]
    [InlineData("#fff", 255, 255, 255, 1)]
    [InlineData("rgba(10, 20, 30, 0.5)", 10, 20, 30, 0.5)]
    [InlineData("rgb(1,2,3)", 1, 2, 3, 1)]
    [InlineData("SteelBlue", 70, 130, 180, 1)]
    public void Colours_are_read_as_css_writes_them(string css, int r, int g, int b, double a) => Assert.Equal(new Ink((byte)r, (byte)g, (byte)b, a), Ink.Parse(css));
}
