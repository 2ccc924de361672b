namespace Madtp.Kit.Models;

/// <summary>A transformer block that tokens can be taken out of.</summary>
public interface IReducibleBlock
{
    /// <summary>What is attached to the block; null runs the plain block.</summary>
    IBlockReducer? Reducer { get; set; }

    /// <summary>The block's own map into the alignment space (W_v and b_v of eq. 1); null where the model shares one or has none.</summary>
    AlignmentMap? QueryModel { get; }
}
