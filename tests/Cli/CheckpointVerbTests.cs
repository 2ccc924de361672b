using System.Text.Json.Nodes;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Cli.Verbs;
using Madtp.Kit.Tasks;
using Madtp.Kit.Tests.Checkpoints;
using Xunit;
using static TorchSharp.torch;

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

    [Fact]
    public void A_model_that_parameters_were_taken_out_of_fits()
    {
        using var folder = new TemporaryFolder();
        using var file = CheckpointFile.Open(ToyModels.Clip.WeightsPath());
        var state = file.Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.ToTensor());
        const string Part = "visual.transformer.resblocks.0.mlp.";
        foreach (var (name, dimension) in new[] { ("c_fc.weight", 0), ("c_fc.bias", 0), ("c_proj.weight", 1) })
            state[Part + name] = state[Part + name].narrow(dimension, 0, 100);

        SafetensorsWriter.Write(folder.File("m"), state, file.Metadata.ToDictionary());
        var fit = Assert.Single(JsonNode.Parse(Run(folder.File("m"), "--json"))!["models"]!.AsArray())!;
        Assert.Equal((0, 0), (fit["missing"]!.AsArray().Count, fit["otherShape"]!.AsArray().Count));
    }

    [Fact]
    public void Long_names_and_values_are_cut()
    {
        using var folder = new TemporaryFolder();
        var name = new string('n', 5000);
        SafetensorsWriter.Write(folder.File("m"), new Dictionary<string, Tensor> { [name] = ones(1), ["other"] = ones(1) },
            new Dictionary<string, string> { ["note"] = new string('v', 5000) });
        Assert.All(Run(folder.File("m")).Split('\n'), line => Assert.InRange(line.Length, 0, 1100));
        Assert.Single(Run(folder.File("m")).Split('\n'), line => line.Length > 500);
        Assert.Equal(1001, ((string)JsonNode.Parse(Run(folder.File("m"), "--json"))!["beside"]!["note"]!).Length);
        folder.Write("b", new ZipBytes().Add("a/data.pkl", new PickleBytes().Op("}").Text("state").Op("C\u0003abcs").Stop()).Finish());
        Assert.Contains("state: 3 bytes", Run(folder.File("b")));
    }

    private static string Run(params string[] arguments)
    {
        var output = new StringWriter();
        Assert.Equal(0, CheckpointVerb.Create().Parse(arguments)
            .Invoke(new() { EnableDefaultExceptionHandler = false, Output = output }));
        return output.ToString();
    }
}
