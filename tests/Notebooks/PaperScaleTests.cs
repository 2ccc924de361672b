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
[Collection(nameof(PaperScaleTests))]
public sealed class PaperScaleTests(PaperScaleTests.MadeUpResults made) : IClassFixture<PaperScaleTests.MadeUpResults>
{
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
        foreach (var cell in CodeCells(notebook))
            made.Kernel.Client.Succeed(cell);

        Assert.NotEmpty(Directory.GetFiles(made.Figures, $"{notebook[..2]}-*.svg"));
    }

    /// <summary>All results of the tables, and one kernel that finds them.</summary>
    public sealed class MadeUpResults : IDisposable
    {
        private readonly TemporaryFolder folder = new();

        public MadeUpResults()
        {
            var results = new RunCache(folder.File("results"));
            foreach (var number in PaperTable.Numbers)
            {
                var random = new Random(5);
                Array.ForEach(
                    [.. PaperTable.Of(number, ExperimentScale.Paper).Grid.Experiments],
                    experiment => results.Keep(MadeUp(experiment, random)));
            }

            Kernel = new KernelProcess(KitPaths.InRepository("notebooks"), new Dictionary<string, string>
            {
                ["KIT_SCALE"] = "paper",
                ["KIT_RESULTS"] = results.Folder,
                ["KIT_DATA"] = folder.Path,
                ["KIT_CHECKPOINTS"] = folder.Path,
                ["KIT_FIGURES"] = Figures,
            });
            Kernel.Client.WaitUntilReady();
        }

        public KernelProcess Kernel { get; }

        public string Figures => folder.File("figures");

        public void Dispose()
        {
            Kernel.Dispose();
            folder.Dispose();
        }
    }

    // The keys of this process name the same files as those of the kernel: neither finds a checkpoint or data.
    private static ExperimentResult MadeUp(Experiment experiment, Random random)
    {
        var scores = new Dictionary<string, double> { ["CIDEr"] = 1 + random.NextDouble() };
        foreach (var side in new[] { "text", "image" })
        {
            foreach (var k in new[] { 1, 5, 10 })
                scores[string.Create(CultureInfo.InvariantCulture, $"{side} at {k}")] = random.NextDouble();
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
