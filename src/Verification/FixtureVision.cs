using System.Text.Json;
using Madtp.Kit.Models;

namespace Madtp.Kit.Verification;

/// <summary>Reads the <c>vit</c> part of a fixture's configuration.</summary>
internal static class FixtureVision
{
    /// <summary>Sizes as the kit names them.</summary>
    public static VisionTransformerConfig Read(JsonElement vit, int imageSize, int patchSize) => new()
    {
        ImageSize = imageSize,
        PatchSize = patchSize,
        Width = vit.GetProperty("embed_dim").GetInt32(),
        Depth = vit.GetProperty("depth").GetInt32(),
        Heads = vit.GetProperty("num_heads").GetInt32(),
        MlpRatio = vit.GetProperty("mlp_ratio").GetDouble(),
    };
}
