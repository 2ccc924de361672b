using Madtp.Kit.Compression;
using Madtp.Kit.Cost;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Training;
using Madtp.Kit.Training;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Compression;

public sealed class UPopTaskTests : IDisposable
{
    private static readonly TrainingSettings Settings = TinyNlvr.Settings;
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0.9)]
    [InlineData(0.5)]
    [InlineData(0.3)]
    public void TheSmallerModelMeetsTheBudget(double share)
    {
        using var search = new Search(seed: 1, share);
        Assert.Throws<InvalidOperationException>(search.UPop.Extract);
        new Trainer(search.UPop, Settings, folder.Path).Run();
        Assert.All(search.UPop.Pruning.Masks, mask => Assert.All(mask.Values(), value => Assert.True(value is 0 or 1)));
        using var smaller = search.UPop.Extract();
        var costs = RunCosts.Of(smaller);
        var macs = search.Lengths.Average(n => (double)costs.Whole(n));
        var allowed = share * search.Costs.Dense;
        Assert.InRange(macs, allowed - search.Costs.PerUnit.Max() - 1, allowed);
        Assert.Equal(macs, search.UPop.Macs, 1);
    }

    [Fact]
    public void MasksSinkTogetherAndMoreOfThemEachTime()
    {
        using var search = new Search(seed: 1, 0.5);
        var seen = new List<(float Value, double Macs)>();
        new Trainer(search.UPop, Settings, folder.Path).Run(progress =>
        {
            float[] sinking = [.. search.UPop.Pruning.Masks.SelectMany(mask => mask.Values()).Where(value => value != 1).Distinct()];
            if (progress.Step % 3 == 0)
                seen.Add((Assert.Single(sinking), search.UPop.Macs));
        });
        var schedule = new UPopSchedule(12, UpdateEvery: 3);
        Assert.Equal(new[] { 3, 6, 9, 12 }.Select(step => (float)(1 - schedule.Progress(step))), seen.Select(s => s.Value));
        Assert.All(seen.Zip(seen.Skip(1)), pair => Assert.True(pair.First.Macs > pair.Second.Macs));
    }

    [Fact]
    public void AMaskGathersTheGradientsOfAllSteps()
    {
        using var search = new Search(seed: 1, 0.5);
        using var scope = NewDisposeScope();
        var expected = search.UPop.Pruning.Masks.Select(mask => zeros_like(mask.Tensor.detach())).ToArray();
        for (var step = 1; step <= 2; step++)
        {
            int[] examples = [.. Enumerable.Range(step * 8, 8)];
            search.UPop.Losses(examples).Task.backward();
            for (var i = 0; i < expected.Length; i++)
                expected[i].add_(search.UPop.Pruning.Masks[i].Tensor.grad!);

            search.UPop.AfterStep(step, totalSteps: 100);
        }

        var gathered = search.UPop.State.Where(t => t.Name.EndsWith(".gathered", StringComparison.Ordinal)).Select(t => t.Tensor).ToArray();
        Assert.All(expected.Zip(gathered), pair => Assert.Equal(pair.First.data<float>().ToArray(), pair.Second.data<float>().ToArray()));
        Assert.All(gathered, sum => Assert.True(sum.abs().sum().item<float>() > 0));
    }

    [Fact]
    public void AMaskGathersTheSameWhereBlocksAreComputedAgain()
    {
        using var scope = NewDisposeScope();
        float[][] Gathered(bool recomputes)
        {
            using var search = new Search(seed: 1, 0.5);
            IRecomputing.Set(search.Model, recomputes);
            search.Model.train();
            search.UPop.Losses([.. Enumerable.Range(8, 8)]).Task.backward();
            return [.. search.UPop.Pruning.Masks.Select(mask => mask.Tensor.grad!.data<float>().ToArray())];
        }

        Assert.All(Gathered(false).Zip(Gathered(true)), pair => WithinRounding.Equal(pair.First, pair.Second));
    }

    [Fact]
    public void AMasksGradientIsWhatTheLossChangesBy()
    {
        using var search = new Search(seed: 2, 0.5);
        using var scope = NewDisposeScope();
        int[] examples = [.. Enumerable.Range(0, 8)];
        search.UPop.Losses(examples).Task.backward();
        foreach (var mask in search.UPop.Pruning.Masks)
        {
            using var off = no_grad();
            double LossWith(float value)
            {
                var values = mask.Values();
                values[1] = value;
                mask.Set(values);
                var loss = search.UPop.Losses(examples).Task.item<float>();
                values[1] = 1;
                mask.Set(values);
                return loss;
            }

            var slope = (LossWith(1.1f) - LossWith(0.9f)) / 0.2;
            Assert.Equal(slope, mask.Tensor.grad![1].item<float>(), 2e-3);
        }
    }

    // Killed before the first checkpoint it begins anew, as any training (TrainerTests); seeds differ, so that all is read back.
    [Fact]
    public void ASearchThatIsKilledAndResumedEndsTheSameAndCanBeExtracted()
    {
        using var whole = new Search(seed: 1, 0.5);
        new Trainer(whole.UPop, Settings, Path.Combine(folder.Path, "whole")).Run();
        var interrupted = Path.Combine(folder.Path, "interrupted");
        using (var killed = new Search(seed: 1, 0.5))
        {
            Assert.Throws<OperationCanceledException>(() => new Trainer(killed.UPop, Settings, interrupted).Run(
                progress => { if (progress.Step == 8) { throw new OperationCanceledException(); } }));
        }

        using var resumed = new Search(seed: 99, 0.5);
        new Trainer(resumed.UPop, Settings, interrupted).Run(resume: true);
        Assert.Equal(State(whole.UPop), State(resumed.UPop));
        Assert.Equal(TinyNlvr.Weights(whole.Task), TinyNlvr.Weights(resumed.Task));
        using var again = new Search(seed: 99, 0.5); // of a search that was done
        new Trainer(again.UPop, Settings, interrupted).Run(resume: true);
        Assert.Equal(whole.UPop.Macs, again.UPop.Macs);
        using var smaller = again.UPop.Extract();
        Assert.InRange(RunCosts.Of(smaller).Whole(12), 1, RunCosts.Of(smaller).Dense(12) - 1);
    }

    [Fact]
    public void SearchExtractionAndRetrainingGoOnAfterAnyOfThem()
    {
        var training = new UPopTraining(new UPopSettings(0.6, UpdateEvery: 3), Settings);
        using var expected = Run(training, Path.Combine(folder.Path, "whole"), stopAt: null, resume: false)!;
        Assert.Equal(Settings.LearningRate, TrainingLog.Read(Path.Combine(folder.Path, "whole", "search", "log.jsonl"))[^1].LearningRate!.Value, 1e-9);
        var parts = Path.Combine(folder.Path, "parts");
        Assert.Null(Run(training, parts, stopAt: 7, resume: false));
        Assert.Null(Run(training, parts, stopAt: 17, resume: true));
        Assert.True(File.Exists(Path.Combine(parts, UPopTraining.ExtractedFile)));
        using var actual = Run(training, parts, stopAt: null, resume: true)!;
        Assert.Equal(PrunableWidth.InnerWidths(expected), PrunableWidth.InnerWidths(actual));
        var state = actual.state_dict();
        Assert.All(expected.state_dict(), pair => Assert.True(pair.Value.Equals(state[pair.Key]), pair.Key));
    }

    private static BlipNlvr? Run(UPopTraining training, string folder, int? stopAt, bool resume)
    {
        using var search = new Search(seed: 1, 0.6);
        search.UPop.Dispose();
        search.Task.Dispose();
        using var stop = new CancellationTokenSource();
        var task = new NlvrTask(search.Model, new TaskSettings { Learns = true, AlignmentWeight = 0 }, _ => search.Train);
        return (BlipNlvr?)training.Run(task, folder, resume, progress => { if (progress.Step == stopAt) { stop.Cancel(); } }, stop.Token)?.Model;
    }
    // Standardised with the others it would make all of its kind equal.
    [Fact]
    public void AGradientThatIsNotFiniteEndsTheSearch()
    {
        using var search = new Search(seed: 1, 0.5);
        search.UPop.Losses([0, 1]).Task.backward();
        var mask = search.UPop.Pruning.Masks[1];
        mask.Tensor.grad!.fill_(float.NaN);
        var error = Assert.Throws<NotFiniteNumberException>(() => search.UPop.AfterStep(3, totalSteps: 100));
        Assert.Contains(mask.Width.Name, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "between 0 and 1")]
    [InlineData(1, "between 0 and 1")]
    [InlineData(0.05, "are not pruned")]
    public void BudgetsThatCannotBeMetAreRefused(double share, string why)
    {
        var error = Assert.Throws<ArgumentException>(() => new Search(seed: 1, share));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, float[]> State(UPopTask task) => task.State.ToDictionary(t => t.Name, t => t.Tensor.detach().data<float>().ToArray());

    private sealed class Search : IDisposable
    {
        public Search(long seed, double share)
        {
            Model = TinyNlvr.Model(seed);
            Train = ToyNlvr2Pairs.Draw("train", TinyNlvr.World);
            Task = new NlvrTask(Model, new TaskSettings { Learns = true, AlignmentWeight = 0 }, _ => Train);
            Costs = UnitCosts.Of(Model, widths => RunCosts.Of(Model).Mean(Lengths, widths));
            UPop = new UPopTask(Task, Costs, new UPopSettings(share, UpdateEvery: 3));
        }

        public BlipNlvr Model { get; }

        public NlvrPairs Train { get; }

        public NlvrTask Task { get; }

        public UnitCosts Costs { get; }

        public UPopTask UPop { get; }

        public int[] Lengths => [.. Enumerable.Range(0, Train.Count).Select(Train.TextLength)];

        public void Dispose()
        {
            UPop.Dispose();
            Task.Dispose();
            Train.Dispose();
            Model.Dispose();
        }
    }
}
