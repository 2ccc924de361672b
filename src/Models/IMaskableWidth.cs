using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>A part of a layer whose inner width can be masked, and then cut down to what the mask leaves.</summary>
public interface IMaskableWidth
{
    /// <summary>What a mask tells apart: dimensions of a head (each one stands for that dimension of every head), or feed-forward units.</summary>
    int Units { get; }

    /// <summary>What the units are multiplied by, <c>[Units]</c>; null runs the plain layer.</summary>
    Tensor? WidthMask { get; set; }

    /// <summary>A mask that changes nothing, of the layer's type and on its device: ones, <c>[Units]</c>.</summary>
    Tensor NewMask();
}
