using Madtp.Kit.Checkpoints;
using Madtp.Kit.Cli.Verbs;
using Madtp.Kit.Tests.Tasks;
using Madtp.Kit.Tests.Training;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

public sealed class TrainVerbTests(Toys toys) : IClassFixture<Toys>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("--method stp --learnable-tokens 64 --alignment-width 8", 64, 8)]
    [InlineData("--method MADTP --no-alignment-map --learnable-tokens 65 --alignment-width 32", 65, 32)]
    [InlineData("--learnable-tokens 64 --alignment-width 16 --accumulate 1 --recompute", 64, 16)]
    public void A_run_leaves_its_weights(string options, int tokens, int width)
    {
        var run = Path.Combine(folder.Path, "run");
        Assert.Equal(0, Invoke($"--reduce 0.3 --epochs 1 --batch-size 8 --examples 16 --watch 2 --calibration 8 --score none --out {run} {options}"));
        using var weights = CheckpointFile.Open(Path.Combine(run, "weights.safetensors"));
        Assert.Equal([tokens, width], weights["space_dict"].Shape);
        Assert.Equal("2", weights.Metadata["steps"]);
        Assert.Equal("0.3", weights.Metadata["reduce_ratio"]);
        Assert.False(Directory.Exists(Path.Combine(run, "test")));
    }

    [Fact]
    public void Parameters_are_pruned_too()
    {
        var run = Path.Combine(folder.Path, "run");
        Assert.Equal(0, Invoke($"--reduce 0.3 --method UPop --epochs 1 --batch-size 8 --examples 16 --watch 2 --limit 2 --learnable-tokens 64 --alignment-width 8 --out {run}"));
        using var weights = CheckpointFile.Open(Path.Combine(run, "weights.safetensors"));
        Assert.Equal(("UPop", "0.3", "4"), (weights.Metadata["method"], weights.Metadata["reduce_ratio"], weights.Metadata["steps"]));
        Assert.True(Directory.Exists(Path.Combine(run, "test")));
    }

    [Theory]
    [InlineData("--method UPop", "needs a reduce ratio")]
    [InlineData("--reduce 0.5 --method UPop --stop-after 1", "cannot be stopped before")]
    [InlineData("--reduce 0.5 --method magic", "no method 'magic'")]
    [InlineData("--batch-size 12", "does not divide into 8 equal parts")]
    public void What_cannot_be_done_is_said(string options, string says)
        => Assert.Contains(says, Assert.Throws<ArgumentException>(() => Invoke($"--out {Path.Combine(folder.Path, "none")} {options}")).Message, StringComparison.Ordinal);

    private int Invoke(string options) => TrainVerb.Create()
        .Parse($"caption --checkpoint {TinyCheckpoints.Write(folder.Path, "caption")} --data {toys.Data} {options}")
        .Invoke(new() { EnableDefaultExceptionHandler = false });
}
