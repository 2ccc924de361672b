
namespace Madtp.Kit.Models;

/// <summary>The inner widths of one layer. Removing parameters makes them differ from layer to layer.</summary>
/// <param name="Attention">Width of queries, keys and values: heads times width per head.</param>
/// <param name="Mlp">Width between the two feed-forward maps.</param>
/// <param name="CrossAttention">Width of the cross-attention's queries, keys and values; 0 for the same as <paramref name="Attention"/>.</param>
/// <param name="SecondCrossAttention">The same of the attention to the second image, where there are two; 0 for the same as to the first.</param>
public sealed record LayerWidths(int Attention, int Mlp, int CrossAttention = 0, int SecondCrossAttention = 0)
{
    /// <summary>The width of the cross-attention to the first image (0) or the second (1), resolved.</summary>
    public int CrossTo(int source) => (source, SecondCrossAttention, CrossAttention) switch
    {
        (> 0, > 0, _) => SecondCrossAttention,
        (_, _, > 0) => CrossAttention,
        _ => Attention,
    };
}
