using Madtp.Kit.Experiments;
using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Training;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

/// <summary>The paper's task, end to end, with a small checkpoint and the toy world in the places of the real ones.</summary>
public sealed class Nlvr2ExperimentTests : IClassFixture<Toys>, IDisposable
{
    private static readonly Experiment Small = Scale.Experiment("nlvr2", ExperimentScale.Paper) with { ReduceRatio = 0.5, TrainExamples = 40, Epochs = 2, LearningRate = 1e-4, LearnableTokens = 64, AlignmentWidth = 64 };

    private readonly TemporaryFolder folder = new();
    private readonly Toys toys;
    private readonly ExperimentTask task;

    public Nlvr2ExperimentTests(Toys toys)
    {
        this.toys = toys;
        Directory.CreateDirectory(Path.Combine(folder.Path, "blip"));
        File.Copy(ToyModels.Nlvr2.WeightsPath(), Path.Combine(folder.Path, "blip", "model_base_nlvr.pth"));
        task = Task(toys.Data, folder.Path);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_usual_experiment_is_the_papers()
    {
        var usual = Scale.Experiment("nlvr2", ExperimentScale.Paper);
        Assert.Equal(("nlvr2", "MADTP", 0, 86373, 3e-6, 100, 768), (usual.Task, usual.Method, usual.ReduceRatio, usual.TrainExamples, usual.LearningRate, usual.LearnableTokens, usual.AlignmentWidth));
        Assert.Null(usual.Epochs);
    }

    // That it goes on where it was stopped: ExperimentTaskTests and Nlvr2RunTests. Another method's run: by the environment, below.
    [Fact]
    public void A_small_run_trains_and_meets_its_budget()
    {
        task.RequireInputs();
        var whole = task.Run(Small, Path.Combine(folder.Path, "whole"), null, default)!;
        Assert.InRange(Test(whole).MacShare, 0.4, 0.55); // other pairs than it was calibrated on
        Assert.InRange(Test(whole).Accuracy, 0.6, 1);
    }

    // Losses that compare a batch's texts cannot be had from parts of it.
    [Theory]
    [InlineData("shuffled texts")]
    [InlineData("negatives")]
    public void Guidance_that_compares_texts_gets_whole_batches(string method)
    {
        var scores = task.Run(Small with { Method = method, Epochs = 1 }, Path.Combine(folder.Path, "run"), null, default)!;
        Assert.InRange(Test(scores).MacShare, 0.4, 0.6);
    }

    [Fact]
    public void UPop_prunes_parameters()
    {
        var scores = task.Run(Small with { Method = "UPop", ReduceRatio = 0.3, Epochs = 1 }, Path.Combine(folder.Path, "upop"), null, default)!;
        Assert.InRange(Test(scores).MacShare, 0.5, 0.71);
        Assert.Contains("by training", Assert.Throws<ArgumentException>(() => task.Run(Small with { Method = "UPop", TrainExamples = 0 }, folder.Path, null, default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Results_belong_to_the_checkpoint_and_the_annotations_they_began_with()
    {
        var before = task.InputDigest;
        Assert.DoesNotContain("absent", before, StringComparison.Ordinal);
        Assert.Equal(before, task.InputDigest);
        File.AppendAllText(Path.Combine(folder.Path, "blip", "model_base_nlvr.pth"), " ");
        Assert.NotEqual(before, task.InputDigest);
    }

    [Fact]
    public void Missing_files_are_listed_before_anything_is_begun()
    {
        var absent = Task(Path.Combine(folder.Path, "none"), folder.Path);
        var said = Assert.Throws<FileNotFoundException>(absent.RequireInputs).Message;
        Assert.DoesNotContain("model_base_nlvr.pth", said, StringComparison.Ordinal);
        foreach (var one in new[] { "train.json", "dev.json", "test1.json", "bert-base-uncased-vocab.txt" })
            Assert.Contains(one, said, StringComparison.Ordinal);

        Assert.StartsWith("absent", Task(toys.Data, toys.Data).InputDigest, StringComparison.Ordinal);
    }

    [Fact]
    public void The_command_line_finds_everything_by_the_environment()
    {
        var result = SweptExperiment.Run(
            folder,
            new Dictionary<string, object> { ["task"] = "nlvr2", ["method"] = "STP", ["reduce_ratio"] = 0.5, ["train_examples"] = 16, ["epochs"] = 1, ["learnable_tokens"] = 64, ["alignment_width"] = 64 },
            toys.Data,
            folder.Path);
        Assert.Contains("--task nlvr2", result.Command(), StringComparison.Ordinal);
        Assert.Contains("--epochs 1", result.Command(), StringComparison.Ordinal);
        Assert.InRange(result.MacShare(), 0.4, 0.6);
    }

    private static Evaluation Test(RunReport report) => report.Scores.Values.Single();

    private static ExperimentTask Task(string data, string checkpoints) =>
        new("nlvr2", published: ("blip", "model_base_nlvr.pth"), folders: (data, checkpoints));

    [Theory]
    [InlineData(128, 16, 8)]
    [InlineData(40, 16, 4)]
    [InlineData(7, 2, 7)]
    [InlineData(8, 100, 1)]
    public void Batches_are_worked_through_in_equal_parts(int batch, int largest, int parts) => Assert.Equal(parts, PaperMachine.Parts(batch, largest));

    [Fact]
    public void A_batch_whose_examples_are_compared_is_worked_through_whole() =>
        Assert.Equal(1, PaperMachine.Fit(Recipe.Paper("clip").Training, parts: false).AccumulateSteps);
}
