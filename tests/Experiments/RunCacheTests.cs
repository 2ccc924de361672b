using System.Security.Cryptography;
using System.Text;
using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class RunCacheTests
{
    [Fact]
    public void A_result_comes_back_whole()
    {
        using var folder = new TemporaryFolder();
        var cache = new RunCache(folder.Path);
        var result = Result(new Experiment { ReduceRatio = 0.5 });
        Assert.Null(cache.Find(result.Experiment));
        cache.Keep(result);
        var found = cache.Find(result.Experiment)!;
        Assert.True(found.Cached);
        Assert.Equal(result.ToJson(), found.ToJson());
        Assert.Equal(0.5, found.MacShare);
        Assert.DoesNotContain(Directory.EnumerateFiles(folder.Path), file => file.EndsWith(".part", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"test\": 0.9", "\"test\": 1e999")]
    [InlineData("\"left\": 0.7", "\"left\": 1e999")]
    [InlineData("\"visual_encoder.0\": 3.5", "\"visual_encoder.0\": 1e999")]
    [InlineData("\"test\": 0.9", "\"test\": \"high\"")]
    [InlineData("\"experiment\": {", "\"experiment_\": {")]
    [InlineData("\"scores\": {", "\"scores\": null, \"tokens\": {")]
    public void A_damaged_result_is_named_in_a_sentence(string part, string instead)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write(
            "0123456789abcdef.json", Result(new Experiment()).ToJson().Replace(part, instead, StringComparison.Ordinal));
        var error = Assert.Throws<InvalidDataException>(() => new RunCache(folder.Path).All());
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains("delete it", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_results_come_before_those_of_the_kit()
    {
        using var mine = new TemporaryFolder();
        using var published = new TemporaryFolder();
        var (shared, own) = (Result(new Experiment()), Result(new Experiment { Seed = 2 }));
        var kit = new RunCache(published.Path);
        kit.Keep(shared);
        kit.Keep(own with { Test = 0.1 });
        var cache = new RunCache(mine.Path, published.Path);
        cache.Keep(own);
        Assert.Equal(0.9, cache.Find(shared.Experiment)!.Test);
        Assert.Equal(0.9, cache.Find(own.Experiment)!.Test);
        Assert.Equal([1, 2], cache.All().Select(r => r.Experiment.Seed));
        Assert.Equal(1, cache.Publish(published.Path));
        Assert.Equal(0.9, kit.Find(own.Experiment)!.Test);
    }

    // Other weights than those that are there give another name, but where they are absent nobody can tell.
    [Fact]
    public void Results_of_other_weights_are_left_out()
    {
        using var folder = new TemporaryFolder();
        var (toy, paper) = (Result(new Experiment { Seed = 7 }), Result(new Experiment { Task = "vqa" }));
        folder.Write("0123456789abcdef.json", toy.ToJson());
        folder.Write("fedcba9876543210.json", paper.ToJson());
        var cache = new RunCache(folder.Path);
        Assert.Equal(paper.Experiment, Assert.Single(cache.All()).Experiment);
        cache.Keep(toy);
        Assert.Equal([7, 1], cache.All().Select(result => result.Experiment.Seed));
    }

    [Fact]
    public void A_result_of_a_task_that_there_is_no_more_is_named()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("0123456789abcdef.json", Result(new Experiment("toy-gone")).ToJson());
        Assert.StartsWith($"'{path}' is of the task 'toy-gone', which there is no more", Assert.Throws<InvalidDataException>(new RunCache(folder.Path).All).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"experiment\":{}}")]
    public void A_damaged_result_is_named(string text)
    {
        using var folder = new TemporaryFolder();
        var experiment = new Experiment();
        File.WriteAllText(Path.Combine(folder.Path, experiment.Key + ".json"), text);
        var error = Assert.Throws<InvalidDataException>(() => new RunCache(folder.Path).Find(experiment));
        Assert.Contains(experiment.Key, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_digest_that_cannot_be_noted_is_found_all_the_same()
    {
        using var folder = new TemporaryFolder();
        var file = new FileInfo(folder.Write("weights", "some"));
        var now = SHA256.HashData(Encoding.UTF8.GetBytes($"{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}"));
        var note = KitPaths.InRepository("artifacts", "digests", Convert.ToHexStringLower(now)[..12]);
        Directory.CreateDirectory(note); // where the note would go
        try
        {
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("some"u8))[..12], FileDigest.Of(file.FullName));
        }
        finally
        {
            Directory.Delete(note);
        }
    }

    internal static ExperimentResult Result(Experiment experiment) => new(experiment)
    {
        Test = 0.9,
        Dev = 0.8,
        Macs = 50,
        DenseMacs = 100,
        Scores = new Dictionary<string, double> { ["left"] = 0.7 },
        Tokens = new Dictionary<string, double> { ["visual_encoder.0"] = 3.5 },
        Libtorch = "none",
        Command = "./kit experiment",
        Code = "c",
        Data = "d",
        Date = "2026-11-21",
    };
}
