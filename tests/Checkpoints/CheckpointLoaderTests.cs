using System.Runtime.InteropServices;
using Madtp.Kit.Checkpoints;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Checkpoints;

public sealed class CheckpointLoaderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly DisposeScope scope = NewDisposeScope();

    public CheckpointLoaderTests() => manual_seed(11);

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_module_comes_back_as_it_was_saved()
    {
        var saved = nn.Sequential(("first", nn.Linear(5, 7)), ("second", nn.LayerNorm(7)));
        var loaded = nn.Sequential(("first", nn.Linear(5, 7)), ("second", nn.LayerNorm(7)));
        SafetensorsWriter.Write(folder.File("m.safetensors"), saved.state_dict(), new Dictionary<string, string> { ["temperature"] = "2.5" });
        var report = CheckpointLoader.Load(loaded, folder.File("m.safetensors"));
        Assert.True(report.IsExact, report.ToString());
        Assert.Equal(4, report.RequireComplete().Loaded.Count);
        foreach (var (name, tensor) in saved.state_dict())
            Assert.True(tensor.Equals(loaded.state_dict()[name]) || tensor.eq(loaded.state_dict()[name]).all().item<bool>(), name);

        // Still parameters that learn.
        Assert.All(loaded.parameters(), p => Assert.True(p.requires_grad));
    }

    [Fact]
    public void Every_type_converts_to_the_models_own()
    {
        var source = randn(300, 7).mul(3);
        ScalarType[] types = [ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64, ScalarType.Int64, ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Bool];
        foreach (var from in types)
        {
            var stored = source.to_type(from);
            foreach (var to in types)
            {
                var target = Load(("w", stored), ("w", zeros(300, 7, dtype: to)));
                Assert.True(target.eq(stored.to_type(to)).all().item<bool>(), $"{from} to {to}");
            }
        }
    }

    [Fact]
    public void Every_half_becomes_the_same_single_and_brain_floats_go_there_and_back()
    {
        var bits = Enumerable.Range(0, 65536).Select(i => (short)i).ToArray();
        var singles = Load(("w", Bits(bits, ScalarType.Float16)), ("w", zeros(65536))).data<float>().ToArray();
        Assert.All(bits, (half, i) => Assert.Equal((float)BitConverter.Int16BitsToHalf(half), singles[i]));
        var brains = Bits(bits, ScalarType.BFloat16);
        var wide = Load(("w", brains), ("w", zeros(65536)));
        Assert.Equal(bits.Select(b => BitConverter.Int32BitsToSingle(b << 16)), wide.data<float>().ToArray());
        Assert.True(Load(("w", wide), ("w", zeros(65536, dtype: ScalarType.BFloat16))).eq(brains).logical_or(brains.isnan()).all().item<bool>());
        // 1 + 1/256 lies halfway between two brain floats: the even one is 1; 1 + 3/256 goes up.
        var rounded = Load(("w", tensor(new[] { 1 + (1f / 256), 1 + (3f / 256), 1 + (1.1f / 256) })), ("w", zeros(3, dtype: ScalarType.BFloat16)));
        Assert.Equal([0x3f80, 0x3f82, 0x3f81], MemoryMarshal.Cast<byte, short>(rounded.bytes).ToArray());
        Assert.Equal([long.MaxValue - 1], Load(("w", tensor(new[] { long.MaxValue - 1 })), ("w", zeros(1, dtype: ScalarType.Int64))).data<long>().ToArray());
    }

    // More than one piece of 4 MB, so that pieces meet in the middle of a tensor.
    [Fact]
    public void A_large_half_precision_tensor_is_copied_in_pieces_without_seams()
    {
        var stored = randn(1700, 1777).to_type(ScalarType.Float16);
        Assert.True(Load(("w", stored), ("w", zeros(1700, 1777))).eq(stored.to_type(ScalarType.Float32)).all().item<bool>());
    }

    [Fact]
    public void A_target_that_is_not_contiguous_is_filled_in_its_own_order()
    {
        var stored = randn(4, 6);
        var target = zeros(6, 4).t();
        Assert.True(Load(("w", stored), ("w", target)).eq(stored).all().item<bool>());
        Assert.False(target.is_contiguous());
    }

    [Fact]
    public void What_does_not_fit_is_listed_by_name_and_left_alone()
    {
        Save(("a", ones(2)), ("b", ones(2, 3)), ("extra.x", ones(1)), ("encoder.position_ids", ones(1)), ("vocab_size", ones(1)));
        var targets = new Dictionary<string, Tensor> { ["a"] = zeros(2), ["b"] = zeros(3, 2), ["c"] = zeros(4), ["other.position_ids"] = zeros(5) };
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        var report = CheckpointLoader.Load(targets, file);
        Assert.Equal(["a"], report.Loaded);
        Assert.Equal(["c"], report.Missing);
        Assert.Equal(["extra.x"], report.Unexpected);
        Assert.Equal("b is [3, 2] in the model, [2, 3] in the file", Assert.Single(report.MisShaped).ToString());
        Assert.Equal(0, targets["b"].sum().item<float>());
        Assert.False(report.IsExact);
        var error = Assert.Throws<InvalidDataException>(() => report.RequireComplete(name => name == "c"));
        Assert.Contains("1 of another shape: b is [3, 2]", error.Message);
        Assert.DoesNotContain("missing", error.Message);
        Assert.Same(report, report.RequireComplete(name => name is "b" or "c"));
    }

    [Theory]
    [InlineData("model.")]
    [InlineData("state_dict.")]
    [InlineData("module.")]
    [InlineData("")]
    public void The_state_dictionary_is_found_wherever_it_lies(string container)
    {
        Save(($"{container}a", ones(2)), ($"{container}b.weight", ones(2)), ("optimizer.state.0.exp_avg", ones(9)));
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        var report = CheckpointLoader.Load(new Dictionary<string, Tensor> { ["a"] = zeros(2), ["b.weight"] = zeros(2) }, file);
        Assert.Equal(2, report.Loaded.Count);
        Assert.Equal(container.Length == 0 ? ["optimizer.state.0.exp_avg"] : [], report.Unexpected);
    }

    [Theory]
    [InlineData("_orig_mod.")]
    [InlineData("module._orig_mod.")]
    [InlineData("state_dict.clip_model.")]
    [InlineData("ema_model.module.")]
    [InlineData("params.")]
    public void Whatever_stands_before_the_names_is_dropped_and_said(string container)
    {
        Save(($"{container}a.weight", ones(2)), ($"{container}b.weight", ones(2)), ("optimizer.0.exp_avg", ones(2)));
        var report = LoadInto("a.weight", "b.weight");
        Assert.Equal(["a.weight", "b.weight"], report.Loaded);
        Assert.Empty(report.Unexpected);
        Assert.Equal(container, report.Container);
    }

    [Fact]
    public void Of_two_sets_of_weights_one_is_taken_said_or_chosen()
    {
        Save(("model_ema.a.weight", full(2, 7)), ("model_ema.b.weight", full(2, 7)), ("model.a.weight", ones(2)), ("model.b.weight", ones(2)));
        Assert.Contains("as many of the names stand under 'model_ema'", LoadInto("a.weight", "b.weight").Notes);
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        var targets = new Dictionary<string, Tensor> { ["a.weight"] = zeros(2), ["b.weight"] = zeros(2) };
        Assert.Empty(CheckpointLoader.Load(targets, file, "model_ema").Notes);
        Assert.Equal(7, targets["b.weight"][0].item<float>());
        Assert.Contains("under 'teacher'", Assert.Throws<InvalidDataException>(() => CheckpointLoader.Load(targets, file, "teacher")).Message);
    }

    [Fact]
    public void A_number_in_brackets_is_a_number()
    {
        Save(("logit_scale", full(1, 2.5)), ("temperature", full([], 3)));
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        var targets = new Dictionary<string, Tensor> { ["logit_scale"] = zeros([]), ["temperature"] = zeros(1) };
        Assert.True(CheckpointLoader.Load(targets, file).IsExact);
        Assert.Equal([2.5f, 3f], targets.Values.Select(t => t.item<float>()));
    }

    // Each prefix of such a name could be a container, and there are as many as the file has room for.
    [Theory]
    [InlineData("vision_model.", 80_000)]
    [InlineData("a.", 1_000_000)]
    public void Names_that_no_model_has_take_no_time(string part, int times)
    {
        SafetensorsWriter.Write(folder.File("long.safetensors"), new Dictionary<string, Tensor>
        {
            [string.Concat(Enumerable.Repeat(part, times)) + "w"] = zeros(1), ["first.weight"] = ones(7, 5),
        });
        var model = nn.Sequential(("first", nn.Linear(5, 7)));
        Assert.Equal(["first.weight"], CheckpointLoader.Load(model, folder.File("long.safetensors")).Loaded);
    }

    [Fact]
    public void Many_such_names_take_no_memory()
    {
        var part = string.Concat(Enumerable.Repeat("vision_model.", 70));
        Save([.. Enumerable.Range(0, 1000).Select(i => ($"{part}{i}", zeros(0)))]);
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("", StateDictionary.Read(file, ["visual.proj"]).Container);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 << 20);
    }

    // Whoever wrote it, and where only a part of the model's tensor is such.
    [Theory]
    [InlineData("vision_model.pre_layrnorm.weight", "vision_model.post_layernorm.weight", "visual.ln_pre.weight")]
    [InlineData("vision_model.encoder.layers.0.self_attn.k_proj.bias", "vision_model.encoder.layers.0.self_attn.q_proj.bias", "visual.transformer.resblocks.0.attn.in_proj_bias")]
    [InlineData("text.ln_final.weight", "text.ln_final.bias", "ln_final.weight")]
    [InlineData("model.ln_final.weight", "model.ln_final.bias", "ln_final.weight")]
    public void A_wanted_tensor_of_a_kind_that_is_not_read_is_said_to_be_one(string unread, string read, string wanted)
    {
        var header = $$"""{"{{unread}}":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},"{{read}}":{"dtype":"F16","shape":[1],"data_offsets":[2,4]} }""";
        folder.Write("m.safetensors", SafetensorsTests.File(header, 4));
        Assert.Contains($"'{unread}' is F8_E4M3 [2], which is not read", Assert.Throws<InvalidDataException>(() => LoadInto(wanted)).Message);
    }

    [Fact]
    public void What_is_not_there_is_named_with_what_is_nearest()
    {
        Save(("vision.visual.conv.weight", ones(1)), ("visual.conv1.bias", ones(1)), ("a", ones(1)), ("b", ones(1)), ("c", ones(1)), ("d", ones(1)));
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        var message = StateDictionary.Read(file, ["visual.conv1.weight"]).Missing("visual.conv1.weight", "CLIP").Message;
        Assert.Contains("no tensor 'visual.conv1.weight' in it, so it is no checkpoint of CLIP", message);
        Assert.Contains("the nearest of its 6 names: 'vis", message);
        Assert.Equal(5 + 1, message.Split('\'').Length / 2);
    }

    private static Tensor Bits(short[] bits, ScalarType type)
    {
        var result = empty(bits.Length, dtype: type);
        MemoryMarshal.AsBytes(bits.AsSpan()).CopyTo(result.bytes);
        return result;
    }

    private LoadReport LoadInto(params string[] names)
    {
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        return CheckpointLoader.Load(names.ToDictionary(name => name, _ => zeros(2)), file);
    }

    [Fact]
    public void Nlvr2s_two_cross_attentions_start_from_the_pretrained_one()
    {
        const string Layer = "text_encoder.encoder.layer.0.crossattention.";
        Save(($"{Layer}self.query.weight", ones(2)), ($"{Layer}output.dense.bias", ones(3)), ($"{Layer}output.LayerNorm.bias", ones(3)));
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        string[] names = ["self0.query.weight", "self1.query.weight", "output.dense0.bias", "output.dense1.bias", "output.LayerNorm.bias", "output.merge_layer.bias"];
        var report = CheckpointLoader.Load(names.ToDictionary(n => Layer + n, n => zeros(n.StartsWith("self", StringComparison.Ordinal) ? 2 : 3)), file);
        Assert.Equal(names[..^1].Select(n => Layer + n), report.Loaded);
        Assert.Equal([Layer + "output.merge_layer.bias"], report.Missing);
        Assert.Empty(report.Unexpected);
        Assert.Contains($"{Layer}self1.query.weight from {Layer}self.query.weight", report.Notes);
    }

    [Fact]
    public void Momentum_copies_start_as_what_they_copy_but_their_own_numbers_win()
    {
        Save(("visual.proj", ones(2)), ("text_projection", ones(2)), ("ln_final.bias", ones(2)), ("ln_final_m.bias", full(2, 5)), ("text_encoder.a_m.b", ones(2)));
        var targets = new[] { "visual.proj", "visual_m.proj", "text_projection_m", "ln_final_m.bias", "text_encoder.a_m.b" }.ToDictionary(n => n, _ => zeros(2));
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        var report = CheckpointLoader.Load(targets, file);
        Assert.Equal(5, report.Loaded.Count);
        Assert.Equal([1, 1, 1, 5, 1], targets.Values.Select(t => t[0].item<float>()));
    }

    [Fact]
    public void A_tied_output_layer_comes_from_the_word_embeddings()
    {
        Save(("text_decoder.bert.embeddings.word_embeddings.weight", full(5, 2, 7)), ("text_decoder.cls.predictions.bias", full(5, 3)));
        var targets = new Dictionary<string, Tensor>
        {
            ["text_decoder.bert.embeddings.word_embeddings.weight"] = zeros(5, 2),
            ["text_decoder.cls.predictions.decoder.weight"] = zeros(5, 2),
            ["text_decoder.cls.predictions.decoder.bias"] = zeros(5),
            ["text_decoder.cls.predictions.bias"] = zeros(5),
        };
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        Assert.True(CheckpointLoader.Load(targets, file).IsExact);
        Assert.Equal([7, 7, 3, 3], targets.Values.Select(t => t.flatten()[0].item<float>()));
    }

    [Theory]
    [InlineData(7, "wider")]
    [InlineData(3, "narrower")]
    public void A_position_embedding_is_resized_as_BLIP_does(int side, string expected)
    {
        using var file = CheckpointFile.Open(KitPaths.InRepository("tests", "Checkpoints", "samples", "positions.pth"));
        var targets = new Dictionary<string, Tensor> { ["visual_encoder.pos_embed"] = zeros(1, 1 + (side * side), 6), ["visual_encoder_m.pos_embed"] = zeros(1, 1 + (side * side), 6) };
        var report = CheckpointLoader.Load(targets, file).RequireComplete();
        Assert.Contains($"visual_encoder.pos_embed resized from 17 to {1 + (side * side)} tokens", report.Notes);
        // The recorded ones are of libtorch 1.13; 2.10 weighs neighbours in another order, and the last digits differ.
        Assert.All(targets.Values, t => Assert.True((t - file[expected].ToTensor()).abs().max().item<float>() < 1e-5));
    }

    [Fact]
    public void Clips_position_embedding_is_resized_too_and_a_texts_is_not()
    {
        Save(("visual.positional_embedding", full(10, 4, 2)), ("positional_embedding", ones(10, 4)));
        var targets = new Dictionary<string, Tensor> { ["visual.positional_embedding"] = zeros(17, 4), ["positional_embedding"] = zeros(17, 4) };
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        var report = CheckpointLoader.Load(targets, file);
        Assert.Equal(["visual.positional_embedding"], report.Loaded);
        Assert.True((targets["visual.positional_embedding"] - 2).abs().max().item<float>() < 1e-6);
        Assert.Equal("positional_embedding", Assert.Single(report.MisShaped).Name);
    }

    [Fact]
    public void A_grid_that_is_no_square_is_of_another_shape()
    {
        Save(("pos_embed", ones(1, 12, 4)));
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        Assert.Single(CheckpointLoader.Load(new Dictionary<string, Tensor> { ["pos_embed"] = zeros(1, 17, 4) }, file).MisShaped);
    }

    [Fact]
    public void Several_position_embeddings_in_one_tensor_are_not_resized() => Assert.False(PositionEmbedding.CanFit([2, 5, 4], [2, 10, 4]));

    [Fact]
    public void An_OpenAI_style_archive_fills_a_module_of_the_same_names()
    {
        using var file = CheckpointFile.Open(KitPaths.InRepository("tests", "Checkpoints", "samples", "traced.pt"));
        var targets = new Dictionary<string, Tensor> { ["logit_scale"] = zeros([]), ["visual.0.in_proj_weight"] = zeros(6, 2), ["visual.1.out_proj.bias"] = zeros(2) };
        var report = CheckpointLoader.Load(targets, file).RequireComplete();
        Assert.Equal(2.5f, targets["logit_scale"].item<float>());
        Assert.Equal(2.75f, targets["visual.0.in_proj_weight"][5, 1].item<float>());
        Assert.Equal(5, report.Unexpected.Count);
    }

    [Fact]
    public void The_reference_checkpoints_fill_tensors_of_their_own_names()
    {
        using var file = CheckpointFile.Open(KitPaths.InRepository("tests", "golden", "clip_tiny-11", "checkpoint.pth"));
        var targets = file.Tensors.ToDictionary(t => t.Name["model.".Length..], t => zeros([.. t.Shape], dtype: t.Type));
        Assert.True(CheckpointLoader.Load(targets, file).IsExact);
        Assert.All(file.Tensors, t => Assert.True(t.ToTensor().eq(targets[t.Name["model.".Length..]]).all().item<bool>(), t.Name));
    }

    private Tensor Load((string Name, Tensor Tensor) stored, (string Name, Tensor Tensor) target)
    {
        Save(stored);
        using var file = CheckpointFile.Open(folder.File("m.safetensors"));
        CheckpointLoader.Load(new Dictionary<string, Tensor> { [target.Name] = target.Tensor }, file).RequireComplete();
        return target.Tensor;
    }

    private void Save(params (string Name, Tensor Tensor)[] tensors) => SafetensorsWriter.Write(folder.File("m.safetensors"), tensors.ToDictionary(t => t.Name, t => t.Tensor));
}
