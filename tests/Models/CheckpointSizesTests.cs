using System.Text.Json;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using TorchSharp;
using Xunit;

namespace Madtp.Kit.Tests.Models;

public class CheckpointSizesTests
{
    [Theory]
    [InlineData("blip-nlvr2 vit-b")]
    [InlineData("blip-retrieval vit-b")]
    [InlineData("blip-caption vit-b")]
    [InlineData("blip-vqa vit-b")]
    public void Full_size_BLIP_is_recognised_by_its_tensors_alone(string name)
    {
        var expected = name switch
        {
            "blip-nlvr2 vit-b" => BlipConfig.Nlvr2,
            "blip-retrieval vit-b" => BlipConfig.Retrieval,
            "blip-caption vit-b" => BlipConfig.Caption,
            _ => BlipConfig.Vqa,
        };
        using var folder = new TemporaryFolder();
        using var file = CheckpointFile.Open(Hollow(folder, name));
        Assert.Equal(expected with { Contrastive = null }, CheckpointSizes.Blip(file));
    }

    [Theory]
    [InlineData("clip vit-l/14@336")]
    [InlineData("clip vit-b/16@224")]
    public void Full_size_CLIP_is_recognised_by_its_tensors_alone(string name)
    {
        var expected = name == "clip vit-l/14@336" ? ClipConfig.LargePatch14At336 : ClipConfig.BasePatch16;
        using var folder = new TemporaryFolder();
        using var file = CheckpointFile.Open(Hollow(folder, name));
        Assert.Equal(expected with { Contrastive = null }, CheckpointSizes.Clip(file));
    }

    [Fact]
    public void Without_alignment_guidance_there_is_none()
    {
        using var folder = new TemporaryFolder();
        using var file = CheckpointFile.Open(Hollow(folder, "clip vit-b/16@224", tensor => !tensor.Contains("query_model", StringComparison.Ordinal) && tensor != "space_dict"));
        Assert.Equal(ClipConfig.BasePatch16.Plain(), CheckpointSizes.Clip(file));
    }

    [Fact]
    public void The_toy_models_are_recognised_too()
    {
        using var file = CheckpointFile.Open(ToyModels.Nlvr2.WeightsPath());
        var sizes = CheckpointSizes.Blip(file);
        Assert.Equal(BlipConfig.Toy.Vision, sizes.Vision);
        Assert.Equal(BlipConfig.Toy.Text, sizes.Text);
        Assert.Equal(BlipConfig.Toy.Alignment, sizes.Alignment);
    }

    [Fact]
    public void What_is_missing_or_impossible_is_named()
    {
        using var folder = new TemporaryFolder();
        using (var file = CheckpointFile.Open(ToyModels.Nlvr2.WeightsPath()))
            Assert.Contains("visual.conv1.weight", Assert.Throws<InvalidDataException>(() => CheckpointSizes.Clip(file)).Message, StringComparison.Ordinal);

        using var odd = CheckpointFile.Open(Hollow(folder, "blip-nlvr2 vit-b", shapes: (name, shape) => name == "visual_encoder.pos_embed" ? [1, 576, 768] : shape));
        Assert.Contains("576 tokens", Assert.Throws<InvalidDataException>(() => CheckpointSizes.Blip(odd)).Message, StringComparison.Ordinal);
    }

    // Each size is asked of one tensor, and a model of such sizes may be far larger than the file.
    [Theory]
    [InlineData("visual.transformer.resblocks.3000000.ln_1.weight", new long[] { 64 }, "'visual.transformer.resblocks.3000000…', but only 10 tensors")]
    [InlineData("visual.transformer.resblocks.2147483647.ln_1.weight", new long[] { 64 }, "but only 10 tensors")]
    [InlineData("visual.positional_embedding", new long[] { 64 }, "'visual.positional_embedding' has shape [64], which none of CLIP has")]
    [InlineData("visual.positional_embedding", new long[] { 1, 64 }, "no square of patches")]
    [InlineData("visual.conv1.weight", new long[] { 2_000_000_000, 0, 16, 16 }, "has shape [2000000000, 0, 16, 16]")]
    [InlineData("token_embedding.weight", new long[] { 2_000_000_000, 0 }, "has shape [2000000000, 0]")]
    [InlineData("token_embedding.weight", new long[] { 20, 63 }, "has shape [20, 63], which is not 64 wide")]
    [InlineData("visual.conv1.weight", new long[] { 8192, 1, 1, 1 }, "layers of a width of 8192 take far more memory")]
    public void Sizes_that_the_file_cannot_bear_out_are_named(string name, long[] shape, string said)
    {
        using var folder = new TemporaryFolder();
        var wide = name == "visual.conv1.weight" ? shape[0] : 64;
        var shapes = new Dictionary<string, long[]>
        {
            ["visual.conv1.weight"] = [64, 3, 8, 8], ["visual.class_embedding"] = [64], ["ln_final.weight"] = [64],
            ["visual.positional_embedding"] = wide == 8192 ? [5, wide] : [5, 64], ["positional_embedding"] = [8, 64],
            ["token_embedding.weight"] = [20, 64], ["text_projection"] = [64, 64],
            ["visual.transformer.resblocks.0.ln_1.weight"] = [64], ["transformer.resblocks.0.ln_1.weight"] = [64],
        };
        shapes[name] = shape;
        SafetensorsWriter.Write(folder.File("m"), shapes.ToDictionary(one => one.Key, one => torch.zeros(one.Value)));
        using var file = CheckpointFile.Open(folder.File("m"));
        Assert.Contains(said, Assert.Throws<InvalidDataException>(() => CheckpointSizes.Clip(file)).Message, StringComparison.Ordinal);
    }

    // A safetensors file with the right names and shapes whose content takes no room on the disk.
    private static string Hollow(TemporaryFolder folder, string model, Func<string, bool>? keep = null, Func<string, long[], long[]>? shapes = null)
    {
        using var all = JsonDocument.Parse(File.ReadAllBytes(KitPaths.Shared("spec", "checkpoints.json")));
        var header = new Dictionary<string, object>();
        long at = 0;
        foreach (var tensor in all.RootElement.GetProperty("models").GetProperty(model).EnumerateObject().Where(t => keep is null || keep(t.Name)))
        {
            long[] shape = [.. tensor.Value.EnumerateArray().Select(size => size.GetInt64())];
            shape = shapes?.Invoke(tensor.Name, shape) ?? shape;
            var bytes = shape.Aggregate(2L, (product, size) => product * size);
            header[tensor.Name] = new { dtype = "F16", shape, data_offsets = new[] { at, at + bytes } };
            at += bytes;
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var path = Path.Combine(folder.Path, "hollow.safetensors");
        using var file = File.Create(path);
        file.Write(BitConverter.GetBytes((long)json.Length));
        file.Write(json);
        file.SetLength(file.Position + at);
        return path;
    }
}
