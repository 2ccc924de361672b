using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>The layer between a decoder's last hidden state and the word scores (<c>transform</c> in the checkpoints).</summary>
public sealed class LanguageModelTransform : nn.Module<Tensor, Tensor>
{
    private readonly Linear dense;
    private readonly LayerNorm LayerNorm;

    /// <summary>Creates the layer.</summary>
    public LanguageModelTransform(BertConfig config) : base(nameof(LanguageModelTransform))
    {
        dense = nn.Linear(config.Width, config.Width);
        LayerNorm = nn.LayerNorm(config.Width, eps: config.LayerNormEpsilon);
        RegisterComponents();
    }

    /// <summary><c>[B, N, D]</c> to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor hidden) => LayerNorm.forward(nn.functional.gelu(dense.forward(hidden)));
}
