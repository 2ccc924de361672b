using System.Text.Json;
using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
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
