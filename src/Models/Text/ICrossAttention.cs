using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>How a text layer reads images: one image (MED) or two (NLVR2).</summary>
public interface ICrossAttention
{
    /// <summary>Attends from text <c>[B, N, D]</c> to the images and returns <c>[B, N, D]</c> after residual and LayerNorm.</summary>
    Tensor Attend(Tensor tokens, IReadOnlyList<ImageContext> images);
}
