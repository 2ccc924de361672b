using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>The widening half of a BERT layer's feed-forward part (<c>intermediate</c> in the checkpoints).</summary>
public sealed class BertFeedForward : nn.Module<Tensor, Tensor>, IMaskableWidth
{
    private readonly Linear dense;

    /// <summary>Creates the layer.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="innerWidth">Its width where units were taken out.</param>
    public BertFeedForward(BertConfig config, int? innerWidth = null) : base(nameof(BertFeedForward))
    {
        dense = nn.Linear(config.Width, innerWidth ?? config.FeedForwardWidth);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public int Units => (int)dense.weight.shape[0];

    /// <inheritdoc/>
    public Tensor? WidthMask { get; set; }

    /// <inheritdoc/>
    public Tensor NewMask() => ones(Units, dtype: dense.weight.dtype, device: dense.weight.device);

    /// <summary><c>[B, N, D]</c> to <c>[B, N, FeedForwardWidth]</c>.</summary>
    public override Tensor forward(Tensor tokens)
    {
        var hidden = MixedPrecision.Linear(dense, tokens);
        return nn.functional.gelu(WidthMask is null ? hidden : hidden * WidthMask);
    }
}
