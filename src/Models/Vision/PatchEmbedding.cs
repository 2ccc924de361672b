using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Vision;

/// <summary>Cuts an image into patches and projects each to a token.</summary>
public sealed class PatchEmbedding : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d proj;

    /// <summary>Creates the projection.</summary>
    public PatchEmbedding(int patchSize, int width) : base(nameof(PatchEmbedding))
    {
        proj = nn.Conv2d(3, width, kernel_size: patchSize, stride: patchSize);
        RegisterComponents();
    }

    /// <summary>Images <c>[B, 3, H, W]</c> to tokens <c>[B, N, D]</c>, rows of patches from the top left.</summary>
    public override Tensor forward(Tensor images) => proj.forward(images).flatten(2).transpose(1, 2);
}
