using Madtp.Kit.Models;

namespace Madtp.Kit.Cost;

/// <summary>The dimensions of the alignment guidance (MAG).</summary>
/// <param name="Tokens">K, the number of learnable tokens.</param>
/// <param name="Width">d_k, their width.</param>
/// <param name="Map">Whether each layer maps its tokens to d_k by a linear layer (CLIP does; BLIP uses them as they are, so d_k is the width).</param>
public sealed record AlignmentDims(int Tokens = 100, int Width = 768, bool Map = false)
{
    /// <summary>Those of a model; no tokens at all where it has no guidance.</summary>
    internal static AlignmentDims Of(AlignmentConfig? config) => config is null ? new AlignmentDims(0, 0) : new AlignmentDims(config.Tokens, config.Width, config.Map != AlignmentMapping.None);
}
