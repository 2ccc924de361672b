using Madtp.Kit.Alignment;

namespace Madtp.Kit.Models;

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
