using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>Joins what the text read in two images: a projection each, their mean or a learned merge, residual, LayerNorm.</summary>
public sealed class TwinAttentionOutput : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly Linear dense0;
    private readonly Linear dense1;
    private readonly Linear? merge_layer;
    private readonly LayerNorm LayerNorm;
    private readonly Dropout dropout;

    /// <summary>Creates the layer; with <paramref name="merges"/> it has the learned merge.</summary>
    public TwinAttentionOutput(BertConfig config, bool merges, LayerWidths? widths = null) : base(nameof(TwinAttentionOutput))
    {
        dense0 = nn.Linear(widths?.CrossTo(0) ?? config.Width, config.Width);
        dense1 = nn.Linear(widths?.CrossTo(1) ?? config.Width, config.Width);
        merge_layer = merges ? nn.Linear(2 * config.Width, config.Width) : null;
        LayerNorm = nn.LayerNorm(config.Width, eps: config.LayerNormEpsilon);
        dropout = nn.Dropout(config.Dropout);
        RegisterComponents();
    }

    /// <summary>Left and right readings and the residual, each <c>[B, N, D]</c>, to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor left, Tensor right, Tensor residual)
    {
        var (first, second) = (MixedPrecision.Linear(dense0, left), MixedPrecision.Linear(dense1, right));
        var joined = merge_layer is null ? (first + second) / 2 : MixedPrecision.Linear(merge_layer, cat([first, second], -1));
        return LayerNorm.forward(dropout.forward(joined) + residual);
    }
}
