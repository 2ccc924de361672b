using System.Text.Json;
using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>Full-size models have exactly the tensors of the released checkpoints. They are built without memory behind them.</summary>
[Collection(AloneCollection.Name)]
public class CheckpointNamesTests
{
    public static TheoryData<string> Models() => ["blip-nlvr2 vit-b", "blip-retrieval vit-b", "blip-caption vit-b", "blip-vqa vit-b", "clip vit-l/14@336", "clip vit-b/16@224"];

    [Theory]
    [MemberData(nameof(Models))]
    public void Names_and_shapes_are_those_of_the_checkpoints(string name)
    {
        var recorded = Recorded(name);
        var built = Shapes(() => name switch
        {
            "blip-nlvr2 vit-b" => new BlipNlvr(BlipConfig.Nlvr2),
            "blip-retrieval vit-b" => new BlipRetrieval(BlipConfig.Retrieval),
            "blip-caption vit-b" => new BlipCaptioner(BlipConfig.Caption),
            "blip-vqa vit-b" => new BlipVqa(BlipConfig.Vqa),
            "clip vit-l/14@336" => new ClipModel(ClipConfig.LargePatch14At336),
            _ => new ClipModel(ClipConfig.BasePatch16),
        });
        AssertSame(recorded, built);
    }

    [Theory]
    [InlineData("clip vit-l/14@336")]
    [InlineData("clip vit-b/16@224")]
    [InlineData("blip-retrieval vit-b")]
    [InlineData("blip-caption vit-b")]
    [InlineData("blip-vqa vit-b")]
    public void A_plain_model_has_no_guidance_and_no_training_copies(string name)
    {
        var official = Recorded(name)
            .Where(tensor => !tensor.Key.Contains("query_model", StringComparison.Ordinal) && tensor.Key != "space_dict")
            .Where(tensor => !tensor.Key.Contains("_queue", StringComparison.Ordinal) && !tensor.Key.Split('.')[0].EndsWith("_m", StringComparison.Ordinal))
            .ToDictionary(tensor => tensor.Key, tensor => tensor.Value);
        var built = Shapes(() => name switch
        {
            "clip vit-l/14@336" => new ClipModel(ClipConfig.LargePatch14At336.Plain()),
            "clip vit-b/16@224" => new ClipModel(ClipConfig.BasePatch16.Plain()),
            "blip-caption vit-b" => new BlipCaptioner(BlipConfig.Caption with { Alignment = null }),
            "blip-vqa vit-b" => new BlipVqa(BlipConfig.Vqa with { Alignment = null }),
            _ => new BlipRetrieval(BlipConfig.Retrieval with { Alignment = null, Contrastive = null }),
        });
        AssertSame(official, built);
    }

    [Fact]
    public void The_smallest_clip_differs_by_its_patches_alone()
    {
        var small = Shapes(() => new ClipModel(ClipConfig.BasePatch32.Plain()));
        var base16 = Shapes(() => new ClipModel(ClipConfig.BasePatch16.Plain()));
        Assert.Equal(["visual.conv1.weight", "visual.positional_embedding"], small.Keys.Where(name => small[name] != base16[name]).Order(StringComparer.Ordinal));
        Assert.Equal("768, 3, 32, 32", small["visual.conv1.weight"]);
        Assert.Equal("50, 768", small["visual.positional_embedding"]);
    }

    private static Dictionary<string, string> Recorded(string model)
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(KitPaths.Shared("spec", "checkpoints.json")));
        return file.RootElement.GetProperty("models").GetProperty(model).EnumerateObject()
            .ToDictionary(tensor => tensor.Name, tensor => string.Join(", ", tensor.Value.EnumerateArray().Select(size => size.GetInt64())));
    }

    private static Dictionary<string, string> Shapes(Func<nn.Module> build)
    {
        var before = get_default_device();
        set_default_device("meta");
        try
        {
            using var scope = NewDisposeScope();
            using var model = build();
            return model.state_dict().ToDictionary(tensor => tensor.Key, tensor => string.Join(", ", tensor.Value.shape));
        }
        finally
        {
            set_default_device(before);
        }
    }

    private static void AssertSame(Dictionary<string, string> expected, Dictionary<string, string> actual)
    {
        Assert.Empty(expected.Keys.Except(actual.Keys));
        Assert.Empty(actual.Keys.Except(expected.Keys));
        Assert.Empty(expected.Where(tensor => actual[tensor.Key] != tensor.Value).Select(tensor => $"{tensor.Key}: [{actual[tensor.Key]}], expected [{tensor.Value}]"));
    }
}
