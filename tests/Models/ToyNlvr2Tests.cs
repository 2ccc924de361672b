using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>The weights that come with the kit answer as data/toy/README.md says, on pairs drawn afresh.</summary>
public sealed class ToyNlvr2Tests : IClassFixture<ToyNlvr2Tests.Pairs>
{
    private const int Subset = 400;
    private readonly NlvrPairs test;

    public ToyNlvr2Tests(Pairs pairs) => test = pairs.Test;

    public sealed class Pairs : IDisposable
    {
        public NlvrPairs Test { get; } = ToyNlvr2Pairs.Draw("test1", limit: Subset);

        public void Dispose() => Test.Dispose();
    }

    [Fact]
    public void AnswersHeldOutPairs() => Assert.InRange(Score(ToyModels.Nlvr2.Load()).Accuracy, 0.92, 1);

    [Theory]
    [InlineData(Shuffle.Images)]
    [InlineData(Shuffle.Text)]
    public void NeedsImagesAndText(Shuffle shuffle) => Assert.InRange(Score(ToyModels.Nlvr2.Load(), shuffle).Accuracy, 0.4, 0.6);

    [Fact]
    public void KeepsItsAccuracyAtHalfTheCost()
    {
        var reduced = ToyModels.Nlvr2.Load(macShare: 0.5);
        using var reduction = reduced.Attach();
        var score = NlvrTask.Evaluate(reduced.Model, test, "test1", reduction);
        Assert.InRange(score.MacShare, 0.48, 0.52);
        Assert.InRange(score.Accuracy, Score(ToyModels.Nlvr2.Load()).Accuracy - 0.03, 1);
    }

    [Fact]
    public void AReducedSampleIsTheSameAloneAndInABatch()
    {
        var reduced = ToyModels.Nlvr2.Load(macShare: 0.5);
        using var reduction = reduced.Attach();
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var together = test.Batch([.. Enumerable.Range(0, 16)]);
        var logits = reduced.Model.Forward(together).Logits;
        var differences = Enumerable.Range(0, 16).Select(i =>
            (reduced.Model.Forward(test.Batch([i])).Logits - logits.slice(0, i, i + 1, 1)).abs().max().item<float>()).ToArray();
        // A token whose importance lies on the threshold within rounding is kept or not by the last digit, which the size of the
        // batch may change: such a tie is rare, and everything else is equal.
        Assert.InRange(differences.Count(difference => difference > 1e-4), 0, 1);
    }

    [Fact]
    public void WeightsAreSmall()
    {
        Assert.InRange(new FileInfo(ToyModels.Nlvr2.WeightsPath()).Length, 1, 3_000_000);
        Assert.InRange(new FileInfo(ToyModels.Nlvr2.WeightsPath(0.5)).Length, 1, 3_000_000);
    }

    [Fact]
    public void SayWhichWeightsAreMissingAndHowToTrainThem()
    {
        var error = Assert.Throws<FileNotFoundException>(() => ToyModels.Nlvr2.Load(macShare: 0.123));
        Assert.Contains("./kit train toy-nlvr2 --reduce 0.877", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WeightsOfAnotherModelAreRefused()
    {
        var path = Path.Combine(Path.GetTempPath(), $"kit-{Guid.NewGuid():N}.safetensors");
        try
        {
            using var other = nn.Linear(3, 3);
            Kit.Checkpoints.SafetensorsWriter.Write(path, other.state_dict());
            Assert.Throws<InvalidDataException>(() => ToyModels.Nlvr2.Load(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void APlainModelNeedsATemperatureToBeReduced()
    {
        var plain = ToyModels.Nlvr2.Load();
        Assert.Null(plain.Temperature);
        Assert.Throws<InvalidOperationException>(() => plain.Attach());
        using var reduction = plain.Attach(30);
        Assert.Equal((30, ReductionPolicy.Fixed), (reduction.Temperature, reduction.Policy));
    }

    private Evaluation Score(ToyModel<BlipNlvr> loaded, Shuffle shuffle = Shuffle.None) => NlvrTask.Evaluate(loaded.Model, test, "test1", scoring: new Scoring { Shuffle = shuffle });
}
