using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

/// <summary>
/// Cuts the smaller model out of a masked one. Units masked to zero are sliced out of every tensor that makes or reads them; other
/// values are multiplied into what makes the unit. The smaller model computes what the masked one computes: a head dimension that
/// is zero adds nothing to scores or outputs (the scale 1/√d_h stays that of the full head), and GELU(0) = 0, as is CLIP's approximation of it.
/// </summary>
public static class ModelExtraction
{
    /// <summary>
    /// The smaller model, in evaluation mode, with weights of its own. Its momentum copies, where it has them, begin as what they copy:
    /// those of the masked model went on without masks. What its queues hold stays.
    /// </summary>
    /// <param name="family">The kind of model.</param>
    /// <param name="model">The masked model; it stays as it is.</param>
    /// <param name="pruning">Its masks.</param>
    /// <exception cref="ArgumentException">A mask leaves nothing of a width.</exception>
    public static TModel Extract<TModel, TSizes>(PrunableFamily<TModel, TSizes> family, TModel model, ParameterPruning pruning)
        where TModel : nn.Module, IPrunableModel<TSizes>
        where TSizes : class, IPrunableSizes<TSizes>
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(pruning);
        if (pruning.Masks.FirstOrDefault(mask => mask.Kept == 0) is { } empty)
        {
            throw new ArgumentException($"the mask of '{empty.Width.Name}' is zero everywhere; keep one unit at least", nameof(pruning));
        }

        using var unrecorded = no_grad();
        var smaller = family.Create(CompressedConfig.With(model.Config, [.. pruning.Masks.Select(mask => (mask.Width, mask.Kept))]));
        using var scope = NewDisposeScope();
        var state = model.state_dict();
        foreach (var mask in pruning.Masks)
        {
            Cut(state, mask);
        }

        var any = state.Values.First();
        smaller.to(any.device);
        foreach (var (name, target) in smaller.state_dict())
        {
            target.copy_(state[name]);
        }

        smaller.RestartCopies();
        smaller.eval();
        return smaller;
    }

    private static void Cut(Dictionary<string, Tensor> state, WidthMask mask)
    {
        var (width, values) = (mask.Width, mask.Values());
        int[] kept = [.. Enumerable.Range(0, values.Length).Where(unit => values[unit] != 0)];
        var device = mask.Tensor.device;
        var rows = tensor(Repeated(kept, values.Length, width.Heads * width.Projections)).to(device);
        var columns = tensor(Repeated(kept, values.Length, width.Heads)).to(device);
        var scale = kept.All(unit => values[unit] == 1) ? null : mask.Tensor.detach().repeat(width.Heads * width.Projections).index_select(0, rows);
        foreach (var name in width.Rows)
        {
            var left = state[name].index_select(0, rows);
            state[name] = scale is null ? left : left.dim() == 1 ? left * scale : left * scale.unsqueeze(1);
        }

        foreach (var name in width.Columns)
        {
            state[name] = state[name].index_select(-1, columns);
        }
    }

    /// <summary>Places of the kept units where all units stand <paramref name="times"/> times one after the other.</summary>
    private static long[] Repeated(int[] kept, int units, int times) =>
        [.. Enumerable.Range(0, times).SelectMany(time => kept.Select(unit => ((long)time * units) + unit))];
}

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

/// <summary>Weights of compressed models in files. The tensors' shapes say how wide each layer is, so nothing else has to be stored.</summary>
public static class CompressedWeights
{
    /// <summary>Writes a model's weights, compressed or not.</summary>
    /// <param name="path">The file; it appears whole or not at all.</param>
    /// <param name="model">The model.</param>
    /// <param name="notes">What else to write beside the weights.</param>
    public static void Save(string path, nn.Module model, IReadOnlyDictionary<string, string>? notes = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        SafetensorsWriter.Write(path, model.state_dict(), notes);
    }

    /// <summary>
    /// A model with the widths that the file shows, in evaluation mode.
    /// </summary>
    /// <param name="family">The kind of model.</param>
    /// <param name="file">Weights of a compressed or a regular model.</param>
    /// <param name="config">Sizes of the regular model.</param>
    /// <exception cref="InvalidDataException">The file's tensors are not those of such a model.</exception>
    public static TModel Load<TModel, TSizes>(PrunableFamily<TModel, TSizes> family, CheckpointFile file, TSizes config)
        where TModel : nn.Module, IPrunableModel<TSizes>
        where TSizes : class, IPrunableSizes<TSizes>
    {
        ArgumentNullException.ThrowIfNull(family);
        ArgumentNullException.ThrowIfNull(config);
        var model = family.Create(config.Uncompressed);
        var sizes = CompressedConfig.Read(file, model.Config, model);
        if (!sizes.Equals(model.Config))
        {
            model.Dispose();
            model = family.Create(sizes);
        }

        CheckpointLoader.Load(model.state_dict(), file).RequireComplete();
        model.eval();
        return model;
    }
}
