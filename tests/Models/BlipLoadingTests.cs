using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using Madtp.Kit.Verification;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>Captioners and VQA models filled from files as they are published: MADTP's own, and the uncompressed ones at another image size.</summary>
public sealed class BlipLoadingTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("blip").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("blip_caption_tiny-11")]
    [InlineData("blip_vqa_tiny-11")]
    public void A_file_of_the_authors_fills_every_tensor_and_tells_its_temperature(string fixture)
    {
        using var scope = NewDisposeScope();
        var path = KitPaths.InRepository("tests", "golden", fixture, "checkpoint.pth");
        using var golden = GoldenFixture.Open(Path.GetDirectoryName(path)!);
        var config = golden.Blip();
        using nn.Module model = fixture.Contains("vqa", StringComparison.Ordinal) ? new BlipVqa(config) : new BlipCaptioner(config);
        var report = CheckpointLoader.Load(model, path);
        Assert.True(report.IsExact, report.ToString());
        foreach (var (name, tensor) in model.state_dict())
            Assert.True(tensor.eq(golden.Weights[name]).all().item<bool>(), name);

        using var file = CheckpointFile.Open(path);
        Assert.NotNull(file.Number("temperature"));
    }

    [Fact]
    public void An_uncompressed_file_of_a_smaller_image_size_lacks_the_learnable_tokens_alone()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var small = TinyModels.Config with { Alignment = null, Vision = TinyModels.Config.Vision with { ImageSize = 16 } };
        using var saved = new BlipVqa(small);
        var path = Path.Combine(folder, "official.safetensors");
        SafetensorsWriter.Write(path, saved.state_dict().Where(t => !t.Key.Contains(".decoder.", StringComparison.Ordinal)).ToDictionary(t => "model." + t.Key, t => t.Value.clone()));
        using var model = new BlipVqa(TinyModels.Config);
        var report = CheckpointLoader.Load(model, path);
        Assert.Equal(["space_dict"], report.Missing);
        Assert.Empty(report.Unexpected);
        Assert.Empty(report.MisShaped);
        Assert.Contains(report.Notes, note => note.Contains("visual_encoder.pos_embed resized from 17 to 37 tokens", StringComparison.Ordinal));
        var (from, to) = (saved.state_dict(), model.state_dict());
        Assert.True(to["visual_encoder.pos_embed"].allclose(PositionEmbedding.Fit(from["visual_encoder.pos_embed"], 37)));
        Assert.True(to["text_decoder.cls.predictions.decoder.weight"].eq(from["text_decoder.bert.embeddings.word_embeddings.weight"]).all().item<bool>());
        report.RequireComplete(name => name == "space_dict");
    }
}
