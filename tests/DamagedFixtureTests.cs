using System.Text.Json.Nodes;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Verification;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests;

/// <summary>Folders of reference tensors that are damaged, incomplete or at an edge: said in a sentence, or compared.</summary>
public class DamagedFixtureTests
{
    [Theory]
    [InlineData("config.num_heads", "0", "\"config.num_heads\" is 0, where a whole number of 1 or more should stand")]
    [InlineData("config.depth", "-1", "\"config.depth\" is -1, where")]
    [InlineData("config.patch_size", "null", "\"config.patch_size\" is null, where")]
    [InlineData("config.embed_dim", "\"32\"", "\"config.embed_dim\" is \"32\", where")]
    [InlineData("config.embed_dim", "2000000000", "\"config.embed_dim\" is 2000000000, where at most")]
    [InlineData("config.num_heads", "5", "does not fit together: width 32 does not divide by 5 heads")]
    [InlineData("config", "[1]", "\"config\" is [1], where an object should stand")]
    [InlineData("cases", "null", "\"cases\" is null, where an object should stand")]
    [InlineData("cases.T2", "3", "\"cases.T2\" is 3, where an object should stand")]
    [InlineData("cases.T2.tokens_after_layer", "\"x\"", "\"cases.T2.tokens_after_layer\" is \"x\", where whole numbers should")]
    [InlineData("cases.T2.tokens_after_layer", null, "no \"cases.T2.tokens_after_layer\"")]
    [InlineData("config.mlp_ratio", null, "no \"config.mlp_ratio\"")]
    public void A_manifest_that_says_nothing_usable_is_named(string path, string? value, string expected)
    {
        using var folder = Copy("vit_tiny-11");
        Edit(folder, path, value);
        var error = Assert.Throws<InvalidDataException>(() => GoldenVerifier.Verify(folder.Path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("3")]
    public void A_manifest_that_is_no_object_is_no_fixture(string text)
    {
        using var folder = Copy("mag-11");
        folder.Write("manifest.json", text);
        Assert.Contains("no \"fixture\"", Assert.Throws<InvalidDataException>(() => GoldenVerifier.Verify(folder.Path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_gradient_of_no_parameter_is_named()
    {
        using var folder = Copy("blip_nlvr_tiny-11");
        Edit(folder, "grad_names", "[\"no.such\"]");
        Assert.Contains("'no.such'", Assert.Throws<InvalidDataException>(() => GoldenVerifier.Verify(folder.Path)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.NaN)]
    public void Nothing_is_near_a_recorded_value_that_is_not_finite(float value)
    {
        using var folder = Copy("vit_tiny-11");
        Change(folder, "T2.out", tensor => tensor[0, 0, 0] = value);
        Assert.Equal("out", Assert.Single(GoldenVerifier.Verify(folder.Path), row => !row.Ok).Tensor);
    }

    [Theory]
    [InlineData(99)]
    [InlineData(-1)]
    public void Kept_tokens_that_do_not_exist_are_named(int place)
    {
        using var folder = Copy("vit_tiny-11");
        Change(folder, "T2.layer0.kept_indices", tensor => tensor.fill_(place));
        Assert.Contains("'T2.layer0.kept_indices'",
            Assert.Throws<InvalidDataException>(() => GoldenVerifier.Verify(folder.Path)).Message, StringComparison.Ordinal);
    }

    /// <summary>A reference that kept a token fewer is a row that differs, not the end of the comparison.</summary>
    [Fact]
    public void Another_number_of_kept_tokens_differs_and_the_rest_is_compared()
    {
        using var folder = Copy("vit_tiny-11");
        Change(folder, "T2.layer0.kept_indices", tensor => tensor.slice(1, 0, tensor.shape[1] - 1, 1));
        var rows = GoldenVerifier.Verify(folder.Path);
        Assert.Contains(rows, row => !row.Ok && row.Tensor.StartsWith("kept_indices", StringComparison.Ordinal));
        Assert.All(
            rows.Where(row => row.Case.StartsWith("T16", StringComparison.Ordinal)), row => Assert.True(row.Ok, row.ToString()));
    }

    [Fact]
    public void A_reference_that_took_nothing_out_differs_and_the_rest_is_compared()
    {
        using var folder = Copy("dtp_vit_block-11");
        Change(folder, "prune.pruned", tensor => tensor.zero_(), without: "prune.kept_indices");
        var rows = GoldenVerifier.Verify(folder.Path);
        Assert.Contains(rows, row => !row.Ok && row is { Case: "prune", Tensor: "pruned" });
        Assert.All(rows.Where(row => row.Case == "single"), row => Assert.True(row.Ok, row.ToString()));
    }

    [Theory]
    [InlineData("image", "does not fit together")]
    [InlineData("space_dict", "does not fit together")]
    public void Tensors_of_other_shapes_end_no_run(string name, string expected)
    {
        using var folder = Copy("vit_tiny-11");
        Change(folder, name, tensor => tensor.slice(tensor.dim() - 1, 0, tensor.shape[^1] - 1, 1));
        var error = Assert.Throws<InvalidDataException>(() => GoldenVerifier.Verify(folder.Path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Two tokens are never reduced: the reference then records no kept ones, in any order.</summary>
    [Fact]
    public void A_text_layer_that_takes_nothing_out_is_verified()
    {
        var rows = GoldenVerifier.Verify(KitPaths.InRepository("tests", "golden-edges", "dtp_bert_layer-unpruned"));
        Assert.Contains(rows, row => row is { Case: "med.text.T1", Tensor: "importance" });
        Assert.All(rows, row => Assert.True(row.Ok, row.ToString()));
    }

    private static TemporaryFolder Copy(string fixture)
    {
        var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(KitPaths.InRepository("tests", "golden", fixture)))
            folder.Write(Path.GetFileName(file), File.ReadAllBytes(file));

        return folder;
    }

    private static void Edit(TemporaryFolder folder, string path, string? value)
    {
        var root = JsonNode.Parse(File.ReadAllText(folder.File("manifest.json")))!;
        var names = path.Split('.');
        var parent = names[..^1].Aggregate(root, (node, name) => node[name]!).AsObject();
        if (value is null)
            parent.Remove(names[^1]);
        else
            parent[names[^1]] = JsonNode.Parse(value);

        folder.Write("manifest.json", root.ToJsonString());
    }

    private static void Change(TemporaryFolder folder, string name, Func<Tensor, Tensor> change, string? without = null)
    {
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors;
        using (var file = CheckpointFile.Open(folder.File("data.safetensors")))
        {
            tensors = file.Tensors.Where(entry => entry.Name != without)
                .ToDictionary(entry => entry.Name, entry => entry.ToTensor());
        }

        tensors[name] = change(tensors[name]).contiguous();
        SafetensorsWriter.Write(folder.File("data.safetensors"), tensors);
    }
}
