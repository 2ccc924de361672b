using System.Globalization;
using System.Text.Json;
using Madtp.Kit.Experiments;
using Madtp.Kit.Tests.Kernel;
using Xunit;

namespace Madtp.Kit.Tests.Notebooks;

/// <summary>
/// The notebooks of the paper's tables at the paper's scale. Results that take days of a GPU are stood in for by made-up ones, in a
/// folder of the test's own, so that every cell that looks them up, compares and draws them is run.
/// </summary>
[Collection(KernelCollection.Name)]
public sealed class PaperScaleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [Trait("speed", "slow")]
    [InlineData("05-table-2")]
    [InlineData("06-table-3")]
    [InlineData("07-table-4")]
    [InlineData("08-table-5")]
    [InlineData("09-table-6")]
    [InlineData("10-table-7")]
    public void Every_cell_runs_on_the_results_of_the_papers_grid(string notebook)
    {
        var random = new Random(5);
        var results = new RunCache(Path.Combine(folder.Path, "results"));
        Array.ForEach([.. PaperTable.Of(notebook[^1] - '0', ExperimentScale.Paper).Grid.Experiments], experiment => results.Keep(MadeUp(experiment, random)));

        using var kernel = new KernelProcess(KitPaths.InRepository("notebooks"), new Dictionary<string, string>
        {
            [Scale.Variable] = "paper",
            [RunCache.ResultsVariable] = results.Folder,
            [PaperFolders.DataVariable] = folder.Path,
            [PaperFolders.CheckpointsVariable] = folder.Path,
            ["KIT_FIGURES"] = Path.Combine(folder.Path, "figures"),
        });
        kernel.Client.WaitUntilReady();
        foreach (var cell in CodeCells(notebook))
        {
            kernel.Client.Succeed(cell);
        }

        Assert.NotEmpty(Directory.GetFiles(Path.Combine(folder.Path, "figures"), $"{notebook[..2]}-*.svg"));
    }

    public void Dispose() => folder.Dispose();

    // The keys of this process name the same files as those of the kernel: neither finds a checkpoint or data.
    private static ExperimentResult MadeUp(Experiment experiment, Random random)
    {
        var scores = new Dictionary<string, double> { ["CIDEr"] = 1 + random.NextDouble() };
        foreach (var side in new[] { "text", "image" })
        {
            foreach (var k in new[] { 1, 5, 10 })
            {
                scores[string.Create(CultureInfo.InvariantCulture, $"{side} at {k}")] = random.NextDouble();
            }
        }

        return new ExperimentResult(experiment)
        {
            Test = 0.5 + (random.NextDouble() / 2), Dev = 0.5, Scores = scores, Macs = 1 - experiment.ReduceRatio, DenseMacs = 1,
            Strength = experiment.ReduceRatio > 0 ? random.NextDouble() : null,
            Libtorch = "none", Command = "none: made up for a test", Code = "none", Data = "none", Date = "none",
        };
    }

    private static IEnumerable<string> CodeCells(string notebook)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(KitPaths.InRepository("notebooks", notebook + ".ipynb")));
        return [.. json.RootElement.GetProperty("cells").EnumerateArray()
            .Where(cell => cell.GetProperty("cell_type").GetString() == "code")
            .Select(cell => string.Concat(cell.GetProperty("source").EnumerateArray().Select(line => line.GetString())))];
    }
}
