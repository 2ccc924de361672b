using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>The widening half of a BERT layer's feed-forward part (<c>intermediate</c> in the checkpoints).</summary>
public sealed class BertFeedForward : nn.Module<Tensor, Tensor>
{
    private readonly Linear dense;

    /// <summary>Creates the layer.</summary>
    public BertFeedForward(BertConfig config) : base(nameof(BertFeedForward))
    {
        dense = nn.Linear(config.Width, config.FeedForwardWidth);
        RegisterComponents();
    }

    /// <summary><c>[B, N, D]</c> to <c>[B, N, FeedForwardWidth]</c>.</summary>
    public override Tensor forward(Tensor tokens) => nn.functional.gelu(dense.forward(tokens));
}
