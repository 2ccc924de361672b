using Madtp.Kit.Data.Toy;
using Madtp.Kit.Figures;
using Madtp.Kit.Madtp;
using Madtp.Kit.Tasks;
using Xunit;

namespace Madtp.Kit.Tests.Figures;

public class PairViewTests
{
    [Fact]
    public void Methods_stand_one_below_the_other_and_say_whether_they_merge()
    {
        var toy = ToyModels.Nlvr2.Load(0.5);
        using var pairs = ToyNlvr2Pairs.Draw("test1", limit: 4);
        var madtp = NlvrTokens.Of(toy.Model, pairs, PruningMethod.Madtp.At(3))[3];
        var stp = NlvrTokens.Of(toy.Model, pairs, PruningMethod.ByKeepRatio("STP", keep => StaticPruning.Policy(keep)).At(0.7))[3];
        var view = PairView.Toy("test1", 3);
        var figure = view.Compare(("MADTP", madtp), ("STP", stp));
        Assert.Equal($"\"{view.Sentence}\" ({(view.Label == true ? "true" : "false")})", figure.Title);
        foreach (var text in new[] { "MADTP left", "MADTP right", "MADTP text", "STP left", "STP right", "STP text" })
            Assert.Contains(text, figure.Svg, StringComparison.Ordinal);

        Assert.Contains($"{madtp.Left.Positions[0].Count} kept, {64 - madtp.Left.Positions[0].Count} merged", figure.Svg, StringComparison.Ordinal);
        Assert.Contains($"{stp.Left.Positions[0].Count} kept, {64 - stp.Left.Positions[0].Count} dropped", figure.Svg, StringComparison.Ordinal);
    }

    [Fact]
    public void An_example_is_the_one_that_the_split_has_under_its_number()
    {
        using var pairs = ToyNlvr2Pairs.Draw("dev", limit: 12);
        var pair = PairWorld.Toy.Pair("dev", 9);
        using var batch = pairs.Batch([9]).PatchClasses!;
        Assert.Equal(ToyRenderer.PatchClasses(pair.Left).Concat(ToyRenderer.PatchClasses(pair.Right)).Select(c => (long)c), batch.data<long>().ToArray());
        Assert.Equal(pair.Sentence, PairView.Toy("dev", 9).Sentence);
        Assert.Contains("0 to 3999", Assert.Throws<ArgumentException>(() => PairView.Decoys("test1", 4000, ThingKind.Object)).Message, StringComparison.Ordinal);
        Assert.Contains("no example -1 in dev", Assert.Throws<ArgumentException>(() => PairView.Toy("dev", -1)).Message, StringComparison.Ordinal);
        Assert.Contains("train, dev, test1", Assert.Throws<ArgumentException>(() => PairWorld.Toy.Pair("test2", 0)).Message, StringComparison.Ordinal);
    }
}
