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
