using System.Text.Json;
using Madtp.Kit.Experiments;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

[Collection(nameof(ExperimentOutputTests))]
public class ExperimentOutputTests
{
    // Trained in this call, so that there is progress to be told: what a script reads is the result all the same.
    [Fact]
    [Trait("speed", "slow")]
    public void Standard_output_is_the_result_and_nothing_else()
    {
        var run = KitProcess.Run("experiment", "--task", "toy-clip", "--method", "stp", "--reduce", "0.3", "--examples", "64", "--fresh");
        Assert.True(run.Code == 0, run.Errors);
        using var result = JsonDocument.Parse(run.Output);
        Assert.Equal("STP", result.RootElement.GetProperty("experiment").GetProperty("method").GetString());
        Assert.Contains("epoch", run.Errors, StringComparison.Ordinal);
        var experiment = ExperimentTask.Of("toy-clip").Default with { Method = "STP", ReduceRatio = 0.3, TrainExamples = 64 };
        File.Delete(Path.Combine(RunCache.Default.Folder, $"{experiment.Key}.json"));
    }
}
