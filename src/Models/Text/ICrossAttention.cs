using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>How a text layer reads images: one image (MED) or two (NLVR2).</summary>
public interface ICrossAttention
{
    /// <summary>Attends from text <c>[B, N, D]</c> to the images and returns <c>[B, N, D]</c> after residual and LayerNorm.</summary>
    Tensor Attend(Tensor tokens, IReadOnlyList<ImageContext> images);

    /// <summary>Its widths as pruning sees them, one for each image.</summary>
    /// <param name="name">Its name in the model, which begins the names of its tensors.</param>
    /// <param name="layer">Number of its layer.</param>
    IEnumerable<PrunableWidth> PrunableWidths(string name, int layer);
}
