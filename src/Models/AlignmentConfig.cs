using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Size of the alignment space and how tokens are mapped into it (eq. 1).</summary>
/// <param name="Tokens">K, the number of learnable tokens.</param>
/// <param name="Width">d_k, their width.</param>
/// <param name="Map">Whether tokens pass a linear map first.</param>
public sealed record AlignmentConfig(int Tokens = 100, int Width = 768, AlignmentMapping Map = AlignmentMapping.None)
{
    /// <summary>E, normal random tokens <c>[K, d_k]</c> (<c>space_dict</c> in the checkpoints); null without guidance.</summary>
    internal static Parameter? LearnableTokens(AlignmentConfig? alignment) =>
        alignment is null ? null : nn.Parameter(randn(alignment.Tokens, alignment.Width));
}

/// <summary>Alignment features of both modalities, each <c>[B, K, d_k]</c>: what L_sim (eq. 12) compares.</summary>
public sealed record AlignedFeatures(Tensor Image, Tensor Text)
{
    /// <summary>The features of encoded images and texts; null where nothing was aligned, or where they are not pairs.</summary>
    internal static AlignedFeatures? Of(TokenState images, TokenState texts) =>
        images.AlignmentFeature is { } seen && texts.AlignmentFeature is { } read && seen.shape[0] == read.shape[0]
            ? new(seen, read) : null;
}

/// <summary>How tokens reach the alignment space.</summary>
public enum AlignmentMapping
{
    /// <summary>As they are; d_k must equal the width of the encoder (released BLIP).</summary>
    None,
    /// <summary>One linear map per block and modality (eq. 1; released CLIP).</summary>
    PerLayer,
    /// <summary>One linear map per encoder, shared by its blocks.</summary>
    Shared,
}

/// <summary>The map of eq. 1 into the alignment space: V' = W_v V + b_v. Named as in the released checkpoints
/// (<c>q_map.0</c>).</summary>
public sealed class AlignmentMap(int width, int alignmentWidth) : Part
{
    private readonly Sequential q_map = nn.Sequential(("0", nn.Linear(width, alignmentWidth)));

    /// <summary>W_v, <c>[d_k, D]</c>.</summary>
    internal Tensor Weight => ((Linear)q_map[0]).weight;

    /// <summary>b_v, <c>[d_k]</c>.</summary>
    internal Tensor Bias => ((Linear)q_map[0]).bias!;

    /// <summary>Maps tokens <c>[B, N, D]</c> to <c>[B, N, d_k]</c>.</summary>
    public Tensor forward(Tensor tokens) => q_map.forward(tokens);

    /// <summary>The maps of an encoder: for each layer its own, the shared one, or null.</summary>
    /// <exception cref="ArgumentException">No map is wanted but the widths differ.</exception>
    internal static AlignmentMap?[] ForLayers(AlignmentConfig? alignment, int width, int layers)
    {
        switch (alignment?.Map)
        {
            case AlignmentMapping.PerLayer:
                return [.. Enumerable.Range(0, layers).Select(_ => new AlignmentMap(width, alignment.Width))];
            case AlignmentMapping.Shared:
                return [.. Enumerable.Repeat(new AlignmentMap(width, alignment.Width), layers)];
            case AlignmentMapping.None when alignment.Width != width:
                throw new ArgumentException(
                    $"without a map the alignment width d_k must equal the encoder's width {width}, not {alignment.Width}",
                        nameof(alignment));
            default:
                return new AlignmentMap?[layers];
        }
    }
}
