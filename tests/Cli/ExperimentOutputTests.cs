using System.Diagnostics;
using System.Text.Json;
using Madtp.Kit.Cli.Verbs;
using Madtp.Kit.Experiments;
using Madtp.Kit.Kernel.Execution;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

public class ExperimentOutputTests
{
    // Trained in this call, so that there is progress to be told: what a script reads is the result all the same.
    [Fact]
    [Trait("speed", "slow")]
    public void Standard_output_is_the_result_and_nothing_else()
    {
        string[] arguments = [typeof(SweepVerb).Assembly.Location, "experiment", "--method", "STP", "--reduce", "0.3", "--examples", "64", "--fresh"];
        using var process = Process.Start(new ProcessStartInfo(DotnetHost.Path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = string.Empty;
        process.ErrorDataReceived += (_, line) => said += line.Data + Environment.NewLine;
        process.BeginErrorReadLine();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, said);
        using var result = JsonDocument.Parse(output);
        Assert.Equal("STP", result.RootElement.GetProperty("experiment").GetProperty("method").GetString());
        Assert.Contains("epoch", said, StringComparison.Ordinal);
        RunCache.Default.Forget(new Experiment { Method = "STP", ReduceRatio = 0.3, TrainExamples = 64 });
    }
}
