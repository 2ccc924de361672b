using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public sealed class CheckpointHintsTests : IDisposable
{
    // Heads 80 and 32 wide, as no width tells: the widths alone would make it 5 and 2.
    private static readonly ClipConfig Odd = new ClipConfig
    {
        Vision = new() { ImageSize = 16, PatchSize = 8, Width = 320, Depth = 1, Heads = 4 },
        Text = new() { ContextLength = 8, VocabularySize = 50, Width = 128, Layers = 1, Heads = 4 },
        EmbedWidth = 32,
        Activation = ClipActivation.Gelu,
    }.Plain();

    private readonly TemporaryFolder folder = new();
    private readonly List<string> said = [];

    public void Dispose() => folder.Dispose();

    private string Weights => folder.File("clip.safetensors");

    [Theory]
    [InlineData("open_clip_config.json", """
        {"model_cfg": {"embed_dim": 32, "vision_cfg": {"width": 320, "head_width": 80}, "text_cfg": {"width": 128, "heads": 4}}}
        """)]
    [InlineData("config.json", """
        {"model_type": "clip", "vision_config": {"hidden_size": 320, "num_attention_heads": 4, "hidden_act": "gelu"},
         "text_config": {"hidden_size": 128, "num_attention_heads": 4, "hidden_act": "gelu"}}
        """)]
    public void A_config_file_beside_the_weights_says_what_no_shape_tells(string name, string json)
    {
        Write(Odd, []);
        Assert.Equal((5, 2, ClipActivation.QuickGelu), Found(new CheckpointHints()));
        Assert.Contains("assumed", Assert.Single(said), StringComparison.Ordinal);
        folder.Write(name, json);
        Assert.Equal((4, 4, ClipActivation.Gelu), Found(new CheckpointHints()));
        Assert.Contains($"4 attention heads for images and 4 for texts, Gelu, as {name} says", said[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_given_comes_first()
    {
        Write(Odd, []);
        Assert.Equal((10, 2, ClipActivation.Gelu), Found(new CheckpointHints(Heads: 10, Activation: ClipActivation.Gelu)));
        Assert.Contains("as --heads and --activation say", Assert.Single(said), StringComparison.Ordinal);
        Assert.Contains("7 attention heads for images", Assert.Throws<InvalidDataException>(() => Found(new CheckpointHints(Heads: 7))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_config_file_of_another_model_is_left_aside_and_a_broken_one_refused()
    {
        Write(Odd, []);
        folder.Write("config.json", """{"vision_config": {}, "text_config": {}}""");
        Assert.Equal((5, 2, ClipActivation.QuickGelu), Found(new CheckpointHints()));
        Assert.Contains("is left aside: its model is 768 and 512 wide", said[0], StringComparison.Ordinal);
        folder.Write("config.json", "{\n \"vision_config\": {},,");
        Assert.Contains("config.json, line 2: not valid JSON (", Assert.Throws<InvalidDataException>(() => Found(new CheckpointHints())).Message, StringComparison.Ordinal);
        folder.Write("config.json", """{"vision_config": {"hidden_size": 320, "num_attention_heads": 4, "hidden_act": "relu"}, "text_config": {"hidden_size": 128}}""");
        Assert.Contains("'relu' is not computed here", Assert.Throws<InvalidDataException>(() => Found(new CheckpointHints())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("open_clip_config.json", """
        {"model_cfg": {"vision_cfg": {"width": 320, "head_width": 80}, "text_cfg": {"width": 128, "heads": 4}},
         "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}}
        """)]
    [InlineData("preprocessor_config.json", """{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}""")]
    public void Images_normalised_in_another_way_than_CLIPs_are_refused(string name, string json)
    {
        Write(Odd, []);
        folder.Write(name, json);
        var message = Assert.Throws<InvalidDataException>(() => Found(new CheckpointHints())).Message;
        Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.Contains("mean of [0.5, 0.5, 0.5], and the kit's with CLIP's, [0.48145467,", message, StringComparison.Ordinal);
        folder.Write(name, json.Replace("[0.5, 0.5, 0.5]", "null", StringComparison.Ordinal));
        Found(new CheckpointHints());
        folder.Write("preprocessor_config.json",
            """{"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}""");
        Found(new CheckpointHints());
    }

    [Fact]
    public void The_kits_own_files_note_what_would_be_assumed_otherwise()
    {
        using var model = new ClipModel(Odd);
        var notes = CheckpointHints.Notes(model).ToDictionary();
        Assert.Equal(("4,4", "Gelu"), (notes["heads"], notes["activation"]));
        Write(Odd, new(notes) { ["steps"] = "3" });
        Assert.Equal((4, 4, ClipActivation.Gelu), Found(new CheckpointHints()));
        Assert.Empty(said);
        using var usual = new ClipModel(ClipConfig.Toy);
        Assert.Empty(CheckpointHints.Notes(usual));
    }

    [Fact]
    public void Notes_that_are_no_two_heads_or_no_activation_are_refused()
    {
        Write(Odd, new() { ["steps"] = "3", ["activation"] = "7" });
        Assert.Contains("'7' is no activation", Assert.Throws<InvalidDataException>(() => Found(new CheckpointHints())).Message, StringComparison.Ordinal);
        Write(Odd, new() { ["steps"] = "3", ["heads"] = "4" });
        Assert.Contains("no two numbers, but '4'", Assert.Throws<InvalidDataException>(() => Found(new CheckpointHints())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("model.", null)]
    [InlineData("ema_model.module.", "f.pth: weights under 'ema_model.module'")]
    public void What_was_dropped_from_before_the_names_is_said(string container, string? expected)
    {
        new CheckpointHints { Say = said.Add }.Tell(new LoadReport("f.pth", "original", container, [], [], [], [], []));
        Assert.Equal(expected, said.SingleOrDefault());
    }

    // Gaussian error function's values, by hand: gelu(1) = 0.841345, x·σ(1.702 x) at 1 = 0.845795.
    [Theory]
    [InlineData(ClipActivation.Gelu, 0.841345)]
    [InlineData(ClipActivation.QuickGelu, 0.845795)]
    public void The_activation_is_computed(ClipActivation activation, double expected)
    {
        using var off = no_grad();
        using var layer = new FeedForward(1, 4, ("c_fc", "c_proj"), activation);
        var state = layer.state_dict();
        state["c_fc.weight"].fill_(1);
        state["c_fc.bias"].zero_();
        state["c_proj.weight"].fill_(0.25);
        state["c_proj.bias"].zero_();
        Assert.Equal(expected, layer.forward(ones(1, 1, 1)).item<float>(), 5);
    }

    private (int, int, ClipActivation) Found(CheckpointHints hints)
    {
        using var file = CheckpointFile.Open(Weights);
        var sizes = CheckpointSizes.Clip(file, hints with { Say = said.Add });
        return (sizes.Vision.Heads, sizes.Text.Heads, sizes.Activation);
    }

    private void Write(ClipConfig config, Dictionary<string, string> metadata)
    {
        using var model = new ClipModel(config);
        SafetensorsWriter.Write(Weights, model.state_dict(), metadata);
    }
}
