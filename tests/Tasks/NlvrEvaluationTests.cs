using Madtp.Kit.Checkpoints;
using Madtp.Kit.Compression;
using Madtp.Kit.Data;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Metrics;
using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Compression;
using Madtp.Kit.Training;
using TorchSharp;
using Xunit;

namespace Madtp.Kit.Tests.Tasks;

public sealed class NlvrEvaluationTests(Toys toys) : IClassFixture<Toys>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(0.5)]
    public void Files_give_the_scores_and_costs_of_the_same_pairs_in_memory(double? trainedFor)
    {
        var report = Settings("run", trainedFor).Evaluate();
        using var pairs = ToyNlvr2Pairs.Draw("test1", Toys.World);
        var toy = ToyModels.Nlvr2.Load(trainedFor);
        using var reduction = toy.Temperature is null ? null : toy.Attach();
        var expected = NlvrTask.Evaluate(toy.Model, pairs, "test1", reduction);
        Assert.Equal(expected.Accuracy, Score(report, "accuracy"), 9);
        Assert.Equal(expected.Macs, report.Macs, 1e-6 * expected.Macs);
        Assert.Equal(expected.DenseMacs, report.DenseMacs, 1e-6 * expected.Macs);
        Assert.Equal(toy.Temperature, report.Strength);
    }

    [Fact]
    public void The_submission_is_what_the_official_evaluation_reads()
    {
        var report = Settings("run").Evaluate();
        var lines = File.ReadAllLines(report.Submission!);
        Assert.Equal(60, lines.Length);
        Assert.All(lines, line => Assert.Matches("^test1-[0-9]+-[0-3]-0,(True|False)$", line));
        var scores = Nlvr2Metrics.ComputeFiles(report.Submission!, toys.File("nlvr2/test1.json"));
        Assert.Equal(scores.Accuracy, Score(report, "accuracy"));
        Assert.Equal(scores.Consistency, Score(report, "consistency"));
    }

    [Fact]
    public void A_run_that_was_stopped_goes_on_and_ends_the_same()
    {
        var whole = Settings("whole", 0.5).Evaluate();
        var broken = Settings("broken", 0.5);
        Toys.EvaluateAndStop(broken, "answers", finished: 30);
        var answers = Path.Combine(broken.Folder, "answers.jsonl");
        Assert.InRange(File.ReadAllLines(answers).Length, 30, 50);
        File.AppendAllText(answers, "{\"Text\":\"Tr"); // a line that was not finished
        var resumed = broken.Evaluate();
        Assert.InRange(resumed.Resumed, 30, 50);
        Assert.Equal(File.ReadAllBytes(Path.Combine(Path.Combine(folder.Path, "whole"), "answers.jsonl")), File.ReadAllBytes(answers));
        Assert.Equal(File.ReadAllBytes(whole.Submission!), File.ReadAllBytes(resumed.Submission!));
        Assert.Equal(whole.Scores, resumed.Scores);
        Assert.Equal(whole.Macs, resumed.Macs);
        Assert.Equal(60, broken.Evaluate().Resumed);
    }

    [Fact]
    public void A_budget_is_met_on_calibration_examples_and_calibrated_once()
    {
        var settings = Settings("run", 0.5).With(s => s with { ReduceRatio = 0.55, CalibrationExamples = 24 });
        var first = new List<string>();
        var report = (settings with { Scoring = settings.Scoring with { Progress = new Seen(first) } }).Evaluate();
        Assert.Contains("calibration", first);
        Assert.True(report.Calibration!.Reached, report.Calibration.ToString());
        Assert.InRange(report.MacShare, 0.40, 0.50); // other pairs than those it was calibrated on
        var steps = new List<string>();
        var again = (settings with { Scoring = settings.Scoring with { Progress = new Seen(steps) } }).Evaluate();
        Assert.Equal(report.Strength, again.Strength);
        Assert.DoesNotContain("calibration", steps);
    }

    [Fact]
    public void Answers_to_shuffled_images_are_another_run()
    {
        var settings = Settings("run").Limited(20);
        var right = settings.Evaluate();
        var shuffled = settings with { Scoring = settings.Scoring with { Shuffle = Shuffle.Images } };
        Assert.Contains("shuffled", Assert.Throws<InvalidDataException>(() => shuffled.Evaluate()).Message, StringComparison.Ordinal);
        Assert.NotEqual(right.Accuracy, (shuffled with { Folder = Path.Combine(folder.Path, "shuffled") }).Evaluate().Accuracy);
    }

    [Theory]
    [InlineData(Shuffle.Images)]
    [InlineData(Shuffle.Text)]
    public void Shuffled_images_or_statements_are_those_of_another_pair(Shuffle shuffle)
    {
        using var scope = torch.NewDisposeScope();
        using var off = torch.no_grad();
        using var model = ToyModels.Nlvr2.Load().Model;
        using var pairs = ToyNlvr2Pairs.Draw("test1", Toys.World);
        int[] all = [.. Enumerable.Range(0, pairs.Count)], other = SeededRandom.Derangement(pairs.Count);
        model.eval();
        var batch = shuffle == Shuffle.Images ? pairs.Batch(all, imagesOf: other) : pairs.Batch(all, textOf: other);
        var right = model.Forward(batch).Logits.argmax(1).eq(batch.Labels).data<bool>().ToArray().Average(one => one ? 1.0 : 0);
        Assert.Equal(right, NlvrTask.Evaluate(model, pairs, "test1", scoring: new Scoring { Shuffle = shuffle }).Accuracy, 9);
    }

    [Fact]
    public void A_model_that_parameters_were_pruned_from_is_evaluated_too()
    {
        var model = ToyModels.Nlvr2.Load().Model;
        using var masked = ParameterPruning.Attach(model);
        PrunedModels.Mask(masked, 8);
        using var smaller = ModelExtraction.Extract(model, masked);
        var path = Path.Combine(folder.Path, "pruned.safetensors");
        SafetensorsWriter.Write(path, smaller.state_dict());
        var report = Settings("run").With(s => s with { Checkpoint = path }).Evaluate();
        using var pairs = ToyNlvr2Pairs.Draw("test1", Toys.World);
        var expected = NlvrTask.Evaluate(smaller, pairs, "test1");
        Assert.Equal(expected.Accuracy, Score(report, "accuracy"), 9);
        Assert.Equal((expected.Macs, expected.DenseMacs), (report.Macs, report.DenseMacs));
        Assert.True(report.MacShare < 0.95, $"{report.MacShare}");
    }

    [Fact]
    public void A_folder_of_another_run_is_refused_and_the_difference_named()
    {
        var settings = Settings("run").Limited(4);
        settings.Evaluate();
        var error = Assert.Throws<InvalidDataException>(() => settings.With(s => s with { Strength = 3 }).Evaluate());
        Assert.Contains("temperature is none, not 3", error.Message, StringComparison.Ordinal);
        var fresh = (settings.With(s => s with { Strength = 3 }) with { Fresh = true }).Evaluate();
        Assert.Equal((0, 4), (fresh.Resumed, fresh.Examples));
        Assert.True(fresh.MacShare < 1);
    }

    [Fact]
    public void What_cannot_be_evaluated_is_said_in_so_many_words()
    {
        Assert.Contains("caption", Assert.Throws<ArgumentException>(() => (Settings("run") with { Task = "captions" }).Evaluate()).Message, StringComparison.Ordinal);
        Assert.Contains("test9.json", Assert.Throws<FileNotFoundException>(() => Settings("run").Evaluate("test9")).Message, StringComparison.Ordinal);
        var other = folder.Write("other.txt", "[PAD]\n[CLS]\n[SEP]\n[UNK]\n[MASK]\na\n");
        Assert.Contains("another vocabulary", Assert.Throws<InvalidDataException>(() => Settings("run").With(s => s with { Vocabulary = other }).Evaluate()).Message, StringComparison.Ordinal);
        Assert.Contains("between 0 and 1", Assert.Throws<ArgumentException>(() => Settings("run").With(s => s with { ReduceRatio = 2 }).Evaluate()).Message, StringComparison.Ordinal);
    }

    private static double Score(Evaluation report, string name) => report.Scores.Single(score => score.Key == name).Value;

    private Run Settings(string run, double? trainedFor = null) => toys.Scoring("nlvr2", ToyModels.Nlvr2.WeightsPath(trainedFor), Path.Combine(folder.Path, run), batch: 10);

    private sealed class Seen(List<string> steps) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => steps.Add(value.Step);
    }
}
