using Madtp.Kit.Compression;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Evaluations;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Compression;
using Xunit;

namespace Madtp.Kit.Tests.Evaluations;

public sealed class NlvrEvaluationTests(Toys toys) : IClassFixture<Toys>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(0.5)]
    public void Files_give_the_scores_and_costs_of_the_same_pairs_in_memory(double? trainedFor)
    {
        var report = Evaluator.Run("nlvr2", Settings("run", trainedFor));
        using var pairs = ToyNlvr2Pairs.Draw("test1", Toys.World);
        var toy = ToyNlvr2.Load(trainedFor);
        using var reduction = toy.Temperature is null ? null : toy.Attach();
        var expected = NlvrEvaluator.Evaluate(toy.Model, pairs, "test1", reduction);
        Assert.Equal(expected.Accuracy, Score(report, "accuracy"), 9);
        Assert.Equal(expected.Macs, report.Macs, 1e-6 * expected.Macs);
        Assert.Equal(expected.DenseMacs, report.DenseMacs, 1e-6 * expected.Macs);
        Assert.Equal(toy.Temperature, report.Temperature);
    }

    [Fact]
    public void The_submission_is_what_the_official_evaluation_reads()
    {
        var report = Evaluator.Run("nlvr2", Settings("run"));
        var lines = File.ReadAllLines(report.Submission);
        Assert.Equal(60, lines.Length);
        Assert.All(lines, line => Assert.Matches("^test1-[0-9]+-[0-3]-0,(True|False)$", line));
        var scores = Nlvr2Metrics.ComputeFiles(report.Submission, toys.File("nlvr2/test1.json"));
        Assert.Equal(scores.Accuracy, Score(report, "accuracy"));
        Assert.Equal(scores.Consistency, Score(report, "consistency"));
    }

    [Fact]
    public void A_run_that_was_stopped_goes_on_and_ends_the_same()
    {
        var whole = Evaluator.Run("nlvr2", Settings("whole", 0.5));
        var broken = Settings("broken", 0.5);
        Toys.RunAndStop("nlvr2", broken, "answers", finished: 30);
        var answers = Path.Combine(broken.Output!, "answers.jsonl");
        Assert.InRange(File.ReadAllLines(answers).Length, 30, 50);
        File.AppendAllText(answers, "{\"Identifier\":\"test1-9"); // a line that was not finished
        var resumed = Evaluator.Run("nlvr2", broken);
        Assert.InRange(resumed.Resumed, 30, 50);
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole.Folder, "answers.jsonl")), File.ReadAllBytes(answers));
        Assert.Equal(File.ReadAllBytes(whole.Submission), File.ReadAllBytes(resumed.Submission));
        Assert.Equal(whole.Scores, resumed.Scores);
        Assert.Equal(whole.Macs, resumed.Macs);
        Assert.Equal(60, Evaluator.Run("nlvr2", broken).Resumed);
    }

    [Fact]
    public void A_budget_is_met_on_calibration_examples_and_calibrated_once()
    {
        var settings = Settings("run", 0.5) with { MacShare = 0.45, CalibrationExamples = 24 };
        var report = Evaluator.Run("nlvr2", settings);
        Assert.True(report.Calibration!.Reached, report.Calibration.ToString());
        Assert.InRange(report.MacShare, 0.40, 0.50); // other pairs than those it was calibrated on
        var steps = new List<string>();
        var again = Evaluator.Run("nlvr2", settings, new Seen(steps));
        Assert.Equal(report.Temperature, again.Temperature);
        Assert.DoesNotContain("calibration", steps);
    }

    [Fact]
    public void A_model_that_parameters_were_pruned_from_is_evaluated_too()
    {
        var model = ToyNlvr2.Load().Model;
        using var masked = ParameterPruning.Attach(model);
        PrunedModels.Mask(masked, 8);
        using var smaller = ModelExtraction.Extract(PrunableFamilies.Nlvr, model, masked);
        var path = Path.Combine(folder.Path, "pruned.safetensors");
        CompressedWeights.Save(path, smaller);
        var report = Evaluator.Run("nlvr2", Settings("run") with { Checkpoint = path });
        using var pairs = ToyNlvr2Pairs.Draw("test1", Toys.World);
        var expected = NlvrEvaluator.Evaluate(smaller, pairs, "test1");
        Assert.Equal(expected.Accuracy, Score(report, "accuracy"), 9);
        Assert.Equal((expected.Macs, expected.DenseMacs), (report.Macs, report.DenseMacs));
        Assert.True(report.MacShare < 0.95, $"{report.MacShare}");
    }

    [Fact]
    public void A_folder_of_another_run_is_refused_and_the_difference_named()
    {
        var settings = Settings("run") with { Limit = 4 };
        Evaluator.Run("nlvr2", settings);
        var error = Assert.Throws<InvalidDataException>(() => Evaluator.Run("nlvr2", settings with { Temperature = 3 }));
        Assert.Contains("temperature is none, not 3", error.Message, StringComparison.Ordinal);
        var fresh = Evaluator.Run("nlvr2", settings with { Temperature = 3, Fresh = true });
        Assert.Equal((0, 4), (fresh.Resumed, fresh.Examples));
        Assert.True(fresh.MacShare < 1);
    }

    [Fact]
    public void What_cannot_be_evaluated_is_said_in_so_many_words()
    {
        Assert.Contains("caption", Assert.Throws<ArgumentException>(() => Evaluator.Run("captions", Settings("run"))).Message, StringComparison.Ordinal);
        Assert.Contains("test9.json", Assert.Throws<FileNotFoundException>(() => Evaluator.Run("nlvr2", Settings("run") with { Split = "test9" })).Message, StringComparison.Ordinal);
        var other = folder.Write("other.txt", "[PAD]\n[CLS]\n[SEP]\n[UNK]\n[MASK]\na\n");
        Assert.Contains("another vocabulary", Assert.Throws<InvalidDataException>(() => Evaluator.Run("nlvr2", Settings("run") with { Vocabulary = other })).Message, StringComparison.Ordinal);
        Assert.Contains("between 0 and 1", Assert.Throws<ArgumentException>(() => Evaluator.Run("nlvr2", Settings("run") with { MacShare = 2 })).Message, StringComparison.Ordinal);
    }

    private static double Score(EvaluationReport report, string name) => report.Scores.Single(score => score.Key == name).Value;

    private EvaluationSettings Settings(string run, double? trainedFor = null) => new()
    {
        Checkpoint = ToyNlvr2.WeightsPath(trainedFor),
        Data = toys.Data,
        Output = Path.Combine(folder.Path, run),
        BatchSize = 10,
    };

    private sealed class Seen(List<string> steps) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => steps.Add(value.Step);
    }
}
