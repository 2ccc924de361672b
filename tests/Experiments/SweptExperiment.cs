using System.Text.Json;
using Madtp.Kit.Tests.Cli;
using Xunit;

namespace Madtp.Kit.Tests.Experiments;

/// <summary>One experiment at the paper's scale as a task of a job array runs it: in a process that finds its files by the environment.</summary>
internal static class SweptExperiment
{
    /// <summary>Runs it and gives the file of its result.</summary>
    /// <param name="folder">Where the list and the result go.</param>
    /// <param name="experiment">The experiment, as a list of experiments has it.</param>
    /// <param name="data">The folder of all data sets.</param>
    /// <param name="checkpoints">The folder of all checkpoints.</param>
    public static JsonElement Run(TemporaryFolder folder, Dictionary<string, object> experiment, string data, string checkpoints)
    {
        var runs = Path.Combine(folder.Path, "runs");
        var list = folder.Write("list.json", JsonSerializer.Serialize(new[] { experiment }));
        using var process = KitProcess.Start(
            ["sweep", list, "--index", "0", "--cache", runs, "--runs", runs],
            environment: [("KIT_DATA", data), ("KIT_CHECKPOINTS", checkpoints)]);
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, said);
        return JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Assert.Single(Directory.GetFiles(runs, "*.json"))));
    }

    /// <summary>The share of the plain model's multiply-accumulates in a result.</summary>
    public static double MacShare(this JsonElement result) => result.GetProperty("macs").GetDouble() / result.GetProperty("dense_macs").GetDouble();

    /// <summary>The command in a result.</summary>
    public static string Command(this JsonElement result) => result.GetProperty("command").GetString()!;
}
