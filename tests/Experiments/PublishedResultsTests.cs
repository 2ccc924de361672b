using System.CommandLine.Parsing;
using System.CommandLine;
using Madtp.Kit.Cli;
using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

/// <summary>The results that come with the kit are results of this kit: of its weights, its data and its commands.</summary>
[Collection(nameof(PublishedResultsTests))]
public class PublishedResultsTests
{
    private static readonly string Folder = KitPaths.InRepository("data", "toy", "runs");

    internal static readonly IReadOnlyList<ExperimentResult> Results = new RunCache(Folder).All();

    // A key takes in the digest of the weights that the experiment begins with: other weights would give other names.
    [Fact]
    public void Every_file_is_named_by_its_experiment_and_its_present_weights()
    {
        var files = Directory.EnumerateFiles(Folder, "*.json").Select(Path.GetFileNameWithoutExtension);
        Assert.Equal(files.Order(StringComparer.Ordinal), Results.Select(result => result.Experiment.Key).Order(StringComparer.Ordinal));
        Assert.NotEmpty(Results);
        Assert.All(ExperimentTask.All.Where(task => !task.IsPaper), task => Assert.DoesNotContain("absent", task.InputDigest, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_result_is_of_its_tasks_present_data()
        => Assert.All(
            Results.GroupBy(result => result.Experiment.Task),
            task => Assert.Equal([ExperimentTask.Of(task.Key).DataDigest()], task.Select(result => result.Data).Distinct()));

    // What notebooks 05 to 10 look up: a fresh clone shows it without training.
    [Fact]
    public void Every_run_of_the_papers_tables_is_there()
        => Assert.All(
            PaperTable.Numbers.SelectMany(number => PaperTable.Of(number, ExperimentScale.Toy).Grid.Experiments),
            experiment => Assert.Contains(Results, result => result.Experiment == experiment));

    [Fact]
    public void Every_command_describes_its_experiment()
    {
        var root = CommandLine.Root();
        Assert.All(Results, result => Assert.Equal(result.Experiment, Described(root, result.Command)));
    }

    private static Experiment Described(Command root, string command)
    {
        string[] words = [.. CommandLineParser.SplitCommandLine(command)];
        Assert.Equal("./kit", words[0]);
        var parsed = root.Parse(words[1..]);
        Assert.Empty(parsed.Errors);
        Assert.Equal("experiment", parsed.CommandResult.Command.Name);
        return new Experiment
        {
            Task = parsed.GetValue<string>("--task")!,
            Method = parsed.GetValue<string>("--method")!,
            ReduceRatio = parsed.GetValue<double>("--reduce"),
            Seed = parsed.GetValue<long>("--seed"),
            TrainExamples = parsed.GetValue<int>("--examples"),
            Epochs = parsed.GetValue<int?>("--epochs"),
            LearningRate = parsed.GetValue<double>("--learning-rate"),
            LearnableTokens = parsed.GetValue<int>("--learnable-tokens"),
            AlignmentWidth = parsed.GetValue<int>("--alignment-width"),
        };
    }
}
