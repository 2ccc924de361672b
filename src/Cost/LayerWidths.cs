namespace Madtp.Kit.Cost;

/// <summary>The inner widths of one layer. Removing parameters makes them differ from layer to layer.</summary>
/// <param name="Attention">Width of queries, keys and values: heads times width per head.</param>
/// <param name="Mlp">Width between the two feed-forward maps.</param>
/// <param name="CrossAttention">Width of the cross-attention's queries, keys and values; 0 for the same as <paramref name="Attention"/>.</param>
public sealed record LayerWidths(int Attention, int Mlp, int CrossAttention = 0)
{
    /// <summary>The cross-attention's width, resolved.</summary>
    public int Cross => CrossAttention == 0 ? Attention : CrossAttention;
}
