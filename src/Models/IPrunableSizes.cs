namespace Madtp.Kit.Models;

/// <summary>Sizes of a model whose layers may differ in their inner widths, because parameters were taken out of them.</summary>
/// <typeparam name="TSelf">The sizes themselves.</typeparam>
public interface IPrunableSizes<TSelf>
    where TSelf : class, IPrunableSizes<TSelf>
{
    /// <summary>The sizes of the regular model that a smaller one was cut out of; its own where nothing was taken out.</summary>
    TSelf Uncompressed { get; }

    /// <summary>The inner widths of every layer of a transformer.</summary>
    /// <exception cref="ArgumentException">The model has no such transformer.</exception>
    IReadOnlyList<LayerWidths> Widths(ModelTower tower);

    /// <summary>The same sizes with other inner widths in a transformer; null for the regular ones.</summary>
    /// <exception cref="ArgumentException">The model has no such transformer.</exception>
    TSelf WithWidths(ModelTower tower, IReadOnlyList<LayerWidths>? widths);
}
