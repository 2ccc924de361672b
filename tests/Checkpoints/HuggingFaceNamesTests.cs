using System.Text.Json;
using Madtp.Kit.Checkpoints;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Checkpoints;

public sealed class HuggingFaceNamesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public HuggingFaceNamesTests() => manual_seed(5);

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_port_of_CLIP_fills_the_original_fused_and_transposed()
    {
        var original = Clip(layers: 2, width: 6, embedding: 4);
        var port = new Dictionary<string, Tensor> { ["text_model.embeddings.position_ids"] = arange(5), ["vision_model.embeddings.position_ids"] = arange(10) };
        foreach (var (name, tensor) in original)
            AddPorted(port, name, tensor);

        AssertFills(port, original, "Hugging Face CLIP");
    }

    [Fact]
    public void Open_clips_two_spellings_fill_the_original()
    {
        var original = Clip(layers: 1, width: 6, embedding: 4);
        AssertFills(original, original, "original");
        var custom = original.ToDictionary(pair => pair.Key.StartsWith("visual.", StringComparison.Ordinal) || pair.Key == "logit_scale" ? pair.Key : "text." + pair.Key, pair => pair.Value);
        AssertFills(custom, original, "open_clip");
    }

    [Fact]
    public void A_port_of_BLIP_fills_the_original()
    {
        var original = new Dictionary<string, Tensor>
        {
            ["visual_encoder.cls_token"] = randn(1, 1, 6),
            ["visual_encoder.pos_embed"] = randn(1, 10, 6),
            ["visual_encoder.patch_embed.proj.weight"] = randn(6, 3, 2, 2),
            ["visual_encoder.patch_embed.proj.bias"] = randn(6),
            ["visual_encoder.norm.weight"] = randn(6),
            ["visual_encoder.norm.bias"] = randn(6),
            ["visual_encoder.blocks.11.attn.qkv.weight"] = randn(18, 6),
            ["visual_encoder.blocks.11.attn.qkv.bias"] = randn(18),
            ["visual_encoder.blocks.11.attn.proj.weight"] = randn(6, 6),
            ["visual_encoder.blocks.11.norm1.weight"] = randn(6),
            ["visual_encoder.blocks.11.norm2.bias"] = randn(6),
            ["visual_encoder.blocks.11.mlp.fc1.weight"] = randn(12, 6),
            ["visual_encoder.blocks.11.mlp.fc2.weight"] = randn(6, 12),
            ["text_encoder.encoder.layer.3.crossattention.self.query.weight"] = randn(6, 6),
            ["text_decoder.cls.predictions.bias"] = randn(9),
            ["itm_head.weight"] = randn(2, 6),
        };
        var port = new Dictionary<string, Tensor>
        {
            ["vision_model.embeddings.class_embedding"] = original["visual_encoder.cls_token"],
            ["vision_model.embeddings.position_embedding"] = original["visual_encoder.pos_embed"],
            ["vision_model.embeddings.patch_embedding.weight"] = original["visual_encoder.patch_embed.proj.weight"],
            ["vision_model.embeddings.patch_embedding.bias"] = original["visual_encoder.patch_embed.proj.bias"],
            ["vision_model.post_layernorm.weight"] = original["visual_encoder.norm.weight"],
            ["vision_model.post_layernorm.bias"] = original["visual_encoder.norm.bias"],
            ["vision_model.encoder.layers.11.self_attn.qkv.weight"] = original["visual_encoder.blocks.11.attn.qkv.weight"],
            ["vision_model.encoder.layers.11.self_attn.qkv.bias"] = original["visual_encoder.blocks.11.attn.qkv.bias"],
            ["vision_model.encoder.layers.11.self_attn.projection.weight"] = original["visual_encoder.blocks.11.attn.proj.weight"],
            ["vision_model.encoder.layers.11.layer_norm1.weight"] = original["visual_encoder.blocks.11.norm1.weight"],
            ["vision_model.encoder.layers.11.layer_norm2.bias"] = original["visual_encoder.blocks.11.norm2.bias"],
            ["vision_model.encoder.layers.11.mlp.fc1.weight"] = original["visual_encoder.blocks.11.mlp.fc1.weight"],
            ["vision_model.encoder.layers.11.mlp.fc2.weight"] = original["visual_encoder.blocks.11.mlp.fc2.weight"],
            ["text_encoder.encoder.layer.3.crossattention.self.query.weight"] = original["text_encoder.encoder.layer.3.crossattention.self.query.weight"],
            ["text_decoder.cls.predictions.bias"] = original["text_decoder.cls.predictions.bias"],
            ["itm_head.weight"] = original["itm_head.weight"],
        };
        AssertFills(port, original, "Hugging Face BLIP");
    }

    [Fact]
    public void A_fused_tensor_with_a_part_missing_is_named()
    {
        var port = new Dictionary<string, Tensor>();
        AddPorted(port, "transformer.resblocks.0.attn.in_proj_weight", randn(18, 6));
        port.Remove("text_model.encoder.layers.0.self_attn.k_proj.weight");
        Assert.Contains("'transformer.resblocks.0.attn.in_proj_weight' there is only 'text_model.encoder.layers.0.self_attn.q_proj.weight' and", Failure(port));
        port["text_model.encoder.layers.0.self_attn.k_proj.weight"] = randn(6, 5);
        Assert.Contains("do not fit", Failure(port));
    }

    // Every tensor that the published full-size CLIP has is reached by some name of the port, and none is reached that it lacks.
    [Fact]
    public void The_tables_cover_the_full_size_models()
    {
        var models = JsonDocument.Parse(File.ReadAllText(KitPaths.Shared("spec", "checkpoints.json"))).RootElement.GetProperty("models");
        var clip = Published(models.GetProperty("clip vit-l/14@336"));
        var ported = new Dictionary<string, Tensor>();
        foreach (var name in clip)
            AddPorted(ported, name, name.EndsWith("in_proj_weight", StringComparison.Ordinal) ? zeros(3, 1) : name.EndsWith("in_proj_bias", StringComparison.Ordinal) ? zeros(3) : zeros(1, 1));

        Assert.Equal(clip.Order(), ported.Keys.Select(name => HuggingFaceNames.Clip(name)?.Name ?? name).Distinct().Order());
        Assert.Equal(24 * 16, ported.Keys.Count(name => name.StartsWith("vision_model.encoder.", StringComparison.Ordinal)));
    }

    // Without alignment guidance, momentum copies and queues: those are not in official files.
    private static List<string> Published(JsonElement model) =>
        [.. model.EnumerateObject().Select(p => p.Name).Where(n => n != "space_dict" && !n.Contains("query_model", StringComparison.Ordinal) && !n.Contains("queue", StringComparison.Ordinal) && !n.Split('.')[0].EndsWith("_m", StringComparison.Ordinal))];

    private static Dictionary<string, Tensor> Clip(int layers, int width, int embedding)
    {
        var tensors = new Dictionary<string, Tensor>
        {
            ["logit_scale"] = randn([]),
            ["positional_embedding"] = randn(5, width),
            ["text_projection"] = randn(width, embedding),
            ["token_embedding.weight"] = randn(8, width),
            ["ln_final.weight"] = randn(width),
            ["ln_final.bias"] = randn(width),
            ["visual.class_embedding"] = randn(width),
            ["visual.positional_embedding"] = randn(10, width),
            ["visual.proj"] = randn(width, embedding),
            ["visual.conv1.weight"] = randn(width, 3, 2, 2),
            ["visual.ln_pre.weight"] = randn(width),
            ["visual.ln_pre.bias"] = randn(width),
            ["visual.ln_post.weight"] = randn(width),
            ["visual.ln_post.bias"] = randn(width),
        };
        foreach (var tower in new[] { "transformer", "visual.transformer" })
        {
            for (var layer = 0; layer < layers; layer++)
            {
                var block = $"{tower}.resblocks.{layer}.";
                tensors[block + "attn.in_proj_weight"] = randn(3 * width, width);
                tensors[block + "attn.in_proj_bias"] = randn(3 * width);
                tensors[block + "attn.out_proj.weight"] = randn(width, width);
                tensors[block + "attn.out_proj.bias"] = randn(width);
                tensors[block + "ln_1.weight"] = randn(width);
                tensors[block + "ln_2.bias"] = randn(width);
                tensors[block + "mlp.c_fc.weight"] = randn(4 * width, width);
                tensors[block + "mlp.c_proj.weight"] = randn(width, 4 * width);
            }
        }

        return tensors;
    }

    // Written out apart from the table under test, the other way round.
    private static void AddPorted(Dictionary<string, Tensor> port, string name, Tensor tensor)
    {
        var tower = name.StartsWith("visual.", StringComparison.Ordinal) ? "vision_model" : "text_model";
        var parts = name.Split('.');
        var block = Array.IndexOf(parts, "resblocks");
        if (block >= 0)
        {
            var layer = $"{tower}.encoder.layers.{parts[block + 1]}";
            var rest = string.Join('.', parts[(block + 2)..]);
            if (rest.StartsWith("attn.in_proj_", StringComparison.Ordinal))
            {
                var thirds = tensor.chunk(3);
                port[$"{layer}.self_attn.q_proj.{rest[13..]}"] = thirds[0];
                port[$"{layer}.self_attn.k_proj.{rest[13..]}"] = thirds[1];
                port[$"{layer}.self_attn.v_proj.{rest[13..]}"] = thirds[2];
                return;
            }

            port[$"{layer}.{rest.Replace("attn.out_proj", "self_attn.out_proj").Replace("ln_1", "layer_norm1").Replace("ln_2", "layer_norm2").Replace("c_fc", "fc1").Replace("c_proj", "fc2")}"] = tensor;
            return;
        }

        var (ported, transposed) = name switch
        {
            "visual.class_embedding" => ("vision_model.embeddings.class_embedding", false),
            "visual.positional_embedding" => ("vision_model.embeddings.position_embedding.weight", false),
            "visual.proj" => ("visual_projection.weight", true),
            "visual.conv1.weight" => ("vision_model.embeddings.patch_embedding.weight", false),
            "positional_embedding" => ("text_model.embeddings.position_embedding.weight", false),
            "token_embedding.weight" => ("text_model.embeddings.token_embedding.weight", false),
            "text_projection" => ("text_projection.weight", true),
            "logit_scale" => ("logit_scale", false),
            _ => (name.Replace("visual.ln_pre", "vision_model.pre_layrnorm").Replace("visual.ln_post", "vision_model.post_layernorm").Replace("ln_final", "text_model.final_layer_norm"), false),
        };
        port[ported] = transposed ? tensor.t() : tensor;
    }

    private void AssertFills(Dictionary<string, Tensor> stored, Dictionary<string, Tensor> original, string dialect)
    {
        SafetensorsWriter.Write(folder.File("m.safetensors"), stored);
        var targets = original.ToDictionary(pair => pair.Key, pair => zeros_like(pair.Value));
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        var report = CheckpointLoader.Load(targets, file);
        Assert.True(report.IsExact, report.ToString());
        Assert.Equal(dialect, report.Dialect);
        Assert.All(original, pair => Assert.True(pair.Value.eq(targets[pair.Key]).all().item<bool>(), pair.Key));
    }

    private string Failure(Dictionary<string, Tensor> stored)
    {
        SafetensorsWriter.Write(folder.File("m.safetensors"), stored);
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        var targets = new Dictionary<string, Tensor> { ["transformer.resblocks.0.attn.in_proj_weight"] = zeros(18, 6) };
        return Assert.Throws<InvalidDataException>(() => CheckpointLoader.Load(targets, file)).Message;
    }
}
