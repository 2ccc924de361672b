namespace Madtp.Kit.Models;

/// <summary>Size of the alignment space and how tokens are mapped into it (eq. 1).</summary>
/// <param name="Tokens">K, the number of learnable tokens.</param>
/// <param name="Width">d_k, their width.</param>
/// <param name="Map">Whether tokens pass a linear map first.</param>
public sealed record AlignmentConfig(int Tokens = 100, int Width = 768, AlignmentMapping Map = AlignmentMapping.None);

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
