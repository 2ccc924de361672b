using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

public class ScaleTests
{
    [Theory]
    [InlineData("nlvr2")]
    [InlineData("clip")]
    [InlineData("retrieval")]
    [InlineData("caption")]
    [InlineData("vqa")]
    public void The_toy_scale_has_the_experiments_of_always(string subject)
    {
        var usual = Scale.Experiment(subject, ExperimentScale.Toy);
        Assert.Equal(new Experiment { Task = $"toy-{subject}" }, usual);
        Assert.DoesNotContain("epochs", new ExperimentResult(usual) { Test = 0, Dev = 0, Macs = 1, DenseMacs = 1, Libtorch = "", Command = "", Code = "", Data = "", Date = "" }.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Both_data_sets_of_the_paper_are_one_in_the_toy_world() => Assert.Equal("toy-clip", Scale.Experiment("clip-flickr30k", ExperimentScale.Toy).Task);

    [Theory]
    [InlineData(null, ExperimentScale.Toy)]
    [InlineData("", ExperimentScale.Toy)]
    [InlineData("toy", ExperimentScale.Toy)]
    [InlineData("paper", ExperimentScale.Paper)]
    public void The_variable_names_the_scale(string? value, ExperimentScale scale) => Assert.Equal(scale, Scale.Parse(value));

    [Fact]
    public void Anything_else_is_an_error_that_says_what_may_be()
    {
        Assert.Contains("KIT_SCALE is 'Paper'; it may be 'toy'", Assert.Throws<ArgumentException>(() => Scale.Parse("Paper")).Message, StringComparison.Ordinal);
        Assert.Contains("toy-clip", Assert.Throws<ArgumentException>(() => Scale.Experiment("klip", ExperimentScale.Toy)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_took_days_is_kept_where_nothing_forgets_it_and_has_the_machine_to_itself()
    {
        Assert.Equal((KitPaths.InRepository("artifacts", "cache"), KitPaths.InRepository("artifacts", "paper-results")), (RunCache.At(ExperimentScale.Toy).Folder, RunCache.At(ExperimentScale.Paper).Folder));
        Assert.NotEmpty(RunCache.At(ExperimentScale.Toy).All());
        Assert.Equal((Environment.ProcessorCount, 1), (GridSettings.JobsAt(ExperimentScale.Toy), GridSettings.JobsAt(ExperimentScale.Paper)));
    }
}
