using Madtp.Kit.Models.Blip;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

/// <summary>
/// Cuts the smaller model out of a masked one. Units masked to zero are sliced out of every tensor that makes or reads them; other
/// values are multiplied into what makes the unit. The smaller model computes what the masked one computes: a head dimension that
/// is zero adds nothing to scores or outputs (the scale 1/√d_h stays that of the full head), and GELU(0) = 0.
/// </summary>
public static class ModelExtraction
{
    /// <summary>The smaller BLIP NLVR2, in evaluation mode, with weights of its own.</summary>
    /// <inheritdoc cref="Extract{TModel}"/>
    public static BlipNlvr Extract(BlipNlvr model, ParameterPruning pruning)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Extract(model, model.Config, pruning, config => new BlipNlvr(config));
    }

    /// <summary>
    /// The smaller model, in evaluation mode, with weights of its own.
    /// </summary>
    /// <param name="model">The masked model; it stays as it is.</param>
    /// <param name="config">Its sizes.</param>
    /// <param name="pruning">Its masks.</param>
    /// <param name="create">Makes a model of given sizes.</param>
    /// <exception cref="ArgumentException">A mask leaves nothing of a width.</exception>
    public static TModel Extract<TModel>(TModel model, BlipConfig config, ParameterPruning pruning, Func<BlipConfig, TModel> create)
        where TModel : nn.Module
    {
        ArgumentNullException.ThrowIfNull(pruning);
        if (pruning.Masks.FirstOrDefault(mask => mask.Kept == 0) is { } empty)
        {
            throw new ArgumentException($"the mask of '{empty.Width.Name}' is zero everywhere; keep one unit at least", nameof(pruning));
        }

        using var unrecorded = no_grad();
        var smaller = create(CompressedConfig.With(config, [.. pruning.Masks.Select(mask => (mask.Width, mask.Kept))]));
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
