using Madtp.Kit.Checkpoints;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Tasks;

/// <summary>NLVR2 in the world with decoys, of a few pairs.</summary>
public sealed class DecoyTaskTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("MADTP", true)]
    [InlineData("shuffled texts", true)]
    [InlineData("negatives", true)]
    [InlineData("frozen guidance", false)]
    public void Guidance_learns_unless_it_is_frozen_and_what_is_kept_is_told(string name, bool learns)
    {
        var method = Methods.Of(name);
        var run = new Run("nlvr2", Settings with { Method = method.Pruning, AlignmentWeight = method.AlignmentWeight, Guidance = method.Guidance }, folder.Path)
        {
            Training = new() { Epochs = 1, BatchSize = 4, WarmupSteps = 0, LearningRate = 1e-2 },
        };
        var report = run.Train()!;
        var before = Guidance(run with { Folder = Path.Combine(folder.Path, "untrained"), Settings = run.Settings with { TrainExamples = 0 }, Scored = [] });
        Assert.Equal(learns, !before.SequenceEqual(Guidance(report.Weights)));
        var kept = report.Scores["test1"].ByKind;
        Assert.All(["kept objects", "kept glyphs", "kept ground"], kind => Assert.InRange(kept[kind], 0, 1));
        Assert.InRange(kept["cosine of tokens"], -0.2, 0.2); // they have hardly moved
        Assert.InRange(kept["cosine of features"], -0.2, 1);
    }

    [Fact]
    public void Corpora_have_the_same_pictures_and_other_statements()
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var a = DecoyPairs.Draw("dev", ThingKind.Object, Settings.Decoys);
        using var b = DecoyPairs.Draw("dev", ThingKind.Glyph, Settings.Decoys);
        var of = a.Batch([0, 1, 2, 3]);
        var same = b.Batch([0, 1, 2, 3]);
        Assert.True(of.Images.equal(same.Images).all().item<bool>());
        Assert.NotEqual(of.Ids.data<long>().ToArray(), same.Ids.data<long>().ToArray());
    }

    private static TaskSettings Settings => new()
    {
        Corpus = ThingKind.Object,
        Decoys = new ToyWorldSettings(1, 8, 4, 4),
        Alignment = BlipConfig.Decoys.Alignment!,
        ReduceRatio = 0.6,
        CalibrationExamples = 4,
        DropPath = 0,
    };

    private static float[] Guidance(Run run) => Guidance(run.Train()!.Weights);

    private static float[] Guidance(string weights)
    {
        using var file = CheckpointFile.Open(weights);
        using var model = new BlipNlvr(BlipConfig.Decoys);
        CheckpointLoader.Load(model.state_dict(), file).RequireComplete();
        return model.state_dict()["space_dict"].data<float>().ToArray();
    }
}
