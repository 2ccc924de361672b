using Madtp.Kit.Madtp;
using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class GridTests
{
    [Fact]
    public void Every_combination_comes_once()
    {
        var grid = Grid.Of(new Experiment())
            .Vary((e, ratio) => e with { ReduceRatio = ratio }, 0.3, 0.5)
            .Vary((e, seed) => e with { Seed = seed }, 1L, 2L, 3L)
            .And(Grid.Of(new Experiment { ReduceRatio = 0.5, Seed = 2 }));
        Assert.Equal([(0.3, 1), (0.3, 2), (0.3, 3), (0.5, 1), (0.5, 2), (0.5, 3)], grid.Experiments.Select(e => (e.ReduceRatio, e.Seed)));
    }

    [Fact]
    public void Whatever_differs_in_an_experiment_changes_its_key()
    {
        var usual = new Experiment { ReduceRatio = 0.5 };
        Experiment[] others =
        [
            usual with { Method = "EViT" }, usual with { ReduceRatio = 0.3 }, usual with { Seed = 2 }, usual with { TrainExamples = 64 },
            usual with { LearningRate = 1e-4 }, usual with { LearnableTokens = 32 }, usual with { AlignmentWidth = 32 }, usual with { Task = "toy-clip" },
        ];
        Assert.Equal(usual.Key, new Experiment { ReduceRatio = 0.5 }.Key);
        Assert.Equal(others.Length + 1, others.Append(usual).Select(e => e.Key).Distinct().Count());
    }

    [Fact]
    public void Every_method_of_the_grids_is_known()
    {
        Assert.All(Grid.Names.SelectMany(name => Grid.Open(name).Experiments), experiment =>
        {
            Assert.Equal(experiment.Method, Methods.Of(experiment.Method).Name);
            Assert.Equal(experiment.Task, ExperimentTask.Of(experiment.Task).Name);
        });
        Assert.Equal(Methods.All.Count, Methods.All.Select(method => method.Name).Distinct().Count());
    }

    [Fact]
    public void An_unknown_name_is_answered_with_those_there_are()
    {
        Assert.Contains("EViT", Assert.Throws<ArgumentException>(() => Methods.Of("Evat")).Message, StringComparison.Ordinal);
        Assert.Contains("toy-nlvr2", Assert.Throws<ArgumentException>(() => ExperimentTask.Of("nlvr")).Message, StringComparison.Ordinal);
        Assert.Contains("table2", Assert.Throws<FileNotFoundException>(() => Grid.Open("table9")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_of_experiments_says_only_what_differs()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "list.json");
        File.WriteAllText(path, """[{ "method": "EViT", "reduce_ratio": 0.5 }, { "seed": 3 }]""");
        Assert.Equal([new Experiment { Method = "EViT", ReduceRatio = 0.5 }, new Experiment { Seed = 3 }], Grid.Open(path).Experiments);
        File.WriteAllText(path, "[\n{ \"methd\": \"EViT\" }]");
        var error = Assert.Throws<InvalidDataException>(() => Grid.Open(path).Experiments);
        Assert.Contains("line 2", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("toy-decoys-a")]
    [InlineData("vqa")]
    public void A_list_begins_with_its_tasks_usual_experiment(string task)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("list.json", $$"""[{ "task": "{{task}}", "method": "w-o-mag", "reduce_ratio": 0.5, "epochs": null }]""");
        Assert.Equal(ExperimentTask.Of(task).Default with { Method = "w/o MAG", ReduceRatio = 0.5 }, Assert.Single(Grid.Open(path).Experiments));
    }

    [Theory]
    [InlineData("\"reduce_ratio\": 1", "below 1")]
    [InlineData("\"reduce_ratio\": -0.1", "0 or more")]
    [InlineData("\"reduce_ratio\": 0.5, \"method\": \"Uncompressed\"", "takes nothing away")]
    [InlineData("\"method\": \"magic\"", "no method 'magic'")]
    [InlineData("\"task\": \"magic\"", "no task 'magic'")]
    public void A_list_of_what_there_is_not_is_refused_before_it_is_run(string said, string says)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("list.json", $"[{{ {said} }}]");
        var error = Assert.Throws<InvalidDataException>(() => Grid.Open(path)).Message;
        Assert.StartsWith($"'{path}': ", error, StringComparison.Ordinal);
        Assert.Contains(says, error, StringComparison.Ordinal);
        Assert.DoesNotContain("(Parameter", error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_just_computed_is_not_said_to_come_from_the_cache()
    {
        using var folder = new TemporaryFolder();
        var (kept, computed) = (new Experiment { Seed = 1 }, new Experiment { Seed = 2 });
        var (cache, elsewhere) = (new RunCache(folder.File("cache")), new RunCache(folder.File("elsewhere")));
        cache.Keep(RunCacheTests.Result(kept));
        elsewhere.Keep(RunCacheTests.Result(computed));
        GridSettings Running(string command) => new() { Cache = cache, Runs = folder.File("runs"), Command = ["bash", "-c", command, "bash"] };
        var grid = Grid.Of(kept, computed);
        var lost = Assert.Throws<IOException>(() => grid.Run(Running("true")));
        Assert.Contains("seed 2' was run, but", lost.Message, StringComparison.Ordinal);
        var results = grid.Run(Running($"cp '{elsewhere.Folder}'/* \"$5\"; rm \"$5\"/{kept.Key}.json")); // the kept one is known already
        Assert.Equal([(kept, true), (computed, false)], results.Select(result => (result.Experiment, result.Cached)));
    }

    [Fact]
    public void The_time_left_has_its_days()
    {
        Assert.Equal("1 of 3 experiments, 1.02:03:04 left", $"{new GridProgress(1, 3, [], new TimeSpan(1, 2, 3, 4, 900))}");
        Assert.Equal("1 of 3 experiments, 00:00:04 left", $"{new GridProgress(1, 3, [], TimeSpan.FromSeconds(4.2))}");
    }

    [Fact]
    public void A_process_gets_its_place_in_the_list_and_what_it_says_where_it_fails_is_told()
    {
        using var folder = new TemporaryFolder();
        var settings = new GridSettings
        {
            Cache = new RunCache(folder.Path), Runs = Path.Combine(folder.Path, "runs"), Jobs = 2, Command = ["bash", "-c", "echo \"$@\"; exit 3", "bash"],
        };
        var error = Assert.Throws<InvalidOperationException>(() => Grid.Of(new Experiment { Seed = 7 }).Run(settings));
        Assert.Contains("seed 7' failed (exit code 3)", error.Message, StringComparison.Ordinal);
        Assert.Contains($".json --index 0 --cache {folder.Path} --runs {settings.Runs}", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(settings.Runs));
    }
}
