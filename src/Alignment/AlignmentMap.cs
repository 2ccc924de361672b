using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Alignment;

/// <summary>The map of eq. 1 into the alignment space: V' = W_v V + b_v. Named as in the released checkpoints (<c>q_map.0</c>).</summary>
public sealed class AlignmentMap : nn.Module<Tensor, Tensor>
{
    private readonly Sequential q_map;

    /// <summary>Creates the map from an encoder's width to d_k.</summary>
    public AlignmentMap(int width, int alignmentWidth) : base(nameof(AlignmentMap))
    {
        q_map = nn.Sequential(("0", nn.Linear(width, alignmentWidth)));
        RegisterComponents();
    }

    /// <summary>Maps tokens <c>[B, N, D]</c> to <c>[B, N, d_k]</c>.</summary>
    public override Tensor forward(Tensor tokens) => q_map.forward(tokens);
}
