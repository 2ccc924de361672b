using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>Projection, residual and LayerNorm after an attention or a feed-forward part (<c>output</c> in the checkpoints).</summary>
public sealed class BertAttentionOutput : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly Linear dense;
    private readonly LayerNorm LayerNorm;
    private readonly Dropout dropout;

    /// <summary>Creates the layer for inputs of width <paramref name="inputWidth"/>.</summary>
    public BertAttentionOutput(BertConfig config, int inputWidth) : base(nameof(BertAttentionOutput))
    {
        dense = nn.Linear(inputWidth, config.Width);
        LayerNorm = nn.LayerNorm(config.Width, eps: config.LayerNormEpsilon);
        dropout = nn.Dropout(config.Dropout);
        RegisterComponents();
    }

    /// <summary>LayerNorm(dense(branch) + residual): <c>[B, N, inputWidth]</c> and <c>[B, N, D]</c> to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor branch, Tensor residual) =>
        LayerNorm.forward(dropout.forward(MixedPrecision.Linear(dense, branch)) + residual);
}
