using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;

namespace Madtp.Kit.Compression;

/// <summary>Sizes of models that parameters were taken out of.</summary>
public static class CompressedConfig
{
    /// <summary>
    /// The sizes that a model has with other numbers of units in its widths.
    /// </summary>
    /// <param name="config">The model's sizes.</param>
    /// <param name="units">Every width of the model and the units it is to have; for attentions, dimensions per head.</param>
    public static TSizes With<TSizes>(TSizes config, IReadOnlyList<(PrunableWidth Width, int Units)> units)
        where TSizes : class, IPrunableSizes<TSizes>
    {
        ArgumentNullException.ThrowIfNull(config);
        var regular = config.Uncompressed;
        return units.GroupBy(one => one.Width.Tower).Aggregate(config, (sizes, tower) =>
            sizes.WithWidths(tower.Key, Irregular(Layers(tower, config.Widths(tower.Key)), regular.Widths(tower.Key))));
    }

    /// <summary>
    /// The sizes of the model that a checkpoint holds, read from the shapes of its tensors. Widths that the file does not show are
    /// those of the regular model.
    /// </summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="config">Sizes of the model that it was cut out of.</param>
    /// <param name="regular">The regular model, which names the widths and their tensors.</param>
    /// <exception cref="InvalidDataException">A tensor's rows are not a multiple of the heads.</exception>
    public static TSizes Read<TSizes>(CheckpointFile file, TSizes config, IPrunableModel regular)
        where TSizes : class, IPrunableSizes<TSizes>
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(regular);
        return With(config, [.. regular.PrunableWidths.Select(width => (width, Units(file, width)))]);
    }

    private static int Units(CheckpointFile file, PrunableWidth width)
    {
        if (!file.TryGet(width.Rows[0], out var entry) || entry.Shape.Count == 0)
        {
            return width.Part.Units;
        }

        var repeats = width.Heads * width.Projections;
        return entry.Shape[0] > 0 && entry.Shape[0] % repeats == 0
            ? (int)(entry.Shape[0] / repeats)
            : throw new InvalidDataException($"'{file.Path}': tensor '{entry.Name}' has {entry.Shape[0]} rows, which is no multiple of {width.Heads} heads times {width.Projections}");
    }

    private static LayerWidths[] Layers(IEnumerable<(PrunableWidth Width, int Units)> units, IReadOnlyList<LayerWidths> before)
    {
        LayerWidths[] layers = [.. before];
        foreach (var (width, count) in units)
        {
            layers[width.Layer] = Changed(layers[width.Layer], width, width.Heads * count);
        }

        return layers;
    }

    private static LayerWidths Changed(LayerWidths widths, PrunableWidth width, int total) => (width.Kind, width.Source) switch
    {
        (PrunableKind.SelfAttention, _) => widths with { Attention = total, CrossAttention = widths.CrossTo(0), SecondCrossAttention = widths.CrossTo(1) },
        (PrunableKind.CrossAttention, 0) => widths with { CrossAttention = total, SecondCrossAttention = widths.CrossTo(1) },
        (PrunableKind.CrossAttention, _) => widths with { SecondCrossAttention = total },
        _ => widths with { Mlp = total },
    };

    // A transformer whose widths are all regular is the regular one.
    private static LayerWidths[]? Irregular(LayerWidths[] layers, IReadOnlyList<LayerWidths> regular) =>
        layers.Zip(regular).All(pair => Same(pair.First, pair.Second)) ? null : layers;

    private static bool Same(LayerWidths a, LayerWidths b) =>
        a.Attention == b.Attention && a.Mlp == b.Mlp && a.CrossTo(0) == b.CrossTo(0) && a.CrossTo(1) == b.CrossTo(1);
}
