using Madtp.Kit.Models;

namespace Madtp.Kit.Verification;

/// <summary>Reads the configuration of a CLIP fixture.</summary>
internal static class FixtureClip
{
    /// <summary>Sizes as the kit names them, trained as the released code does it.</summary>
    public static ClipConfig Read(GoldenFixture fixture) => new ClipConfig
    {
        Vision = new ClipVisionConfig
        {
            ImageSize = fixture.Size("image_resolution"),
            PatchSize = fixture.Size("vision_patch_size"),
            Width = fixture.Size("vision_width"),
            Layers = fixture.Size("vision_layers"),
            Heads = fixture.Size("vision_heads"),
        },
        Text = new ClipTextConfig
        {
            ContextLength = fixture.Size("context_length"),
            VocabularySize = fixture.Size("vocab_size"),
            Width = fixture.Size("transformer_width"),
            Layers = fixture.Size("transformer_layers"),
            Heads = fixture.Size("transformer_heads"),
        },
        EmbedWidth = fixture.Size("embed_dim"),
        Alignment = new AlignmentConfig(fixture.Size("sd_num"), fixture.Size("sd_dim"), AlignmentMapping.PerLayer),
        Contrastive = new ContrastiveConfig { QueueSize = fixture.Size("queue_size") },
    }.AsReleased();
}
