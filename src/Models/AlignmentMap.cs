using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

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

/// <summary>Creates the alignment maps of an encoder's blocks.</summary>
internal static class AlignmentMaps
{
    /// <summary>One entry per layer: its own map, the shared one, or null.</summary>
    /// <exception cref="ArgumentException">No map is wanted but the widths differ.</exception>
    public static AlignmentMap?[] Create(AlignmentConfig? alignment, int width, int layers)
    {
        switch (alignment?.Map)
        {
            case AlignmentMapping.PerLayer:
                return [.. Enumerable.Range(0, layers).Select(_ => new AlignmentMap(width, alignment.Width))];
            case AlignmentMapping.Shared:
                return [.. Enumerable.Repeat(new AlignmentMap(width, alignment.Width), layers)];
            case AlignmentMapping.None when alignment.Width != width:
                throw new ArgumentException($"without a map the alignment width d_k must equal the encoder's width {width}, not {alignment.Width}", nameof(alignment));
            default:
                return new AlignmentMap?[layers];
        }
    }
}
