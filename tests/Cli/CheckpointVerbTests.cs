using System.Text.Json.Nodes;
using Madtp.Kit.Cli.Verbs;
using Xunit;

namespace Madtp.Kit.Tests.Cli;

/// <summary>What <c>kit checkpoint</c> says of a file.</summary>
public class CheckpointVerbTests
{
    [Fact]
    public void A_models_weights_are_recognised_with_what_is_left_over()
    {
        var output = Run(KitPaths.InRepository("tests", "golden", "clip_tiny-11", "checkpoint.pth"), "--json");
        var report = JsonNode.Parse(output)!;
        var fit = Assert.Single(report["models"]!.AsArray())!;
        Assert.Equal(("clip", "model", 0), ((string)fit["model"]!, (string)fit["under"]!, fit["missing"]!.AsArray().Count));
        Assert.Contains("image_queue", fit["leftOver"]!.AsArray().Select(name => (string)name!));
        var scale = report["tensors"]!.AsArray().Single(tensor => (string)tensor!["name"]! == "model.logit_scale")!;
        Assert.Equal((4, 0), ((int)scale["bytes"]!, (int)scale["notFinite"]!));
        Assert.Equal((double)scale["min"]!, (double)scale["max"]!);
    }

    [Fact]
    public void A_strange_file_is_shown_with_why_no_model_fits()
    {
        var output = Run(KitPaths.InRepository("tests", "Checkpoints", "samples", "field", "hostile_call.pth"));
        Assert.Contains("PyTorchZip, 1660 bytes, 3 tensors", output);
        Assert.Contains("not clip: ", output);
        Assert.Contains("args: <posix.system>", output);
    }

    private static string Run(params string[] arguments)
    {
        var output = new StringWriter();
        Assert.Equal(0, CheckpointVerb.Create().Parse(arguments)
            .Invoke(new() { EnableDefaultExceptionHandler = false, Output = output }));
        return output.ToString();
    }
}
