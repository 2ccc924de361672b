using Madtp.Kit.Checkpoints;
using Madtp.Kit.Models;
using TorchSharp;
using static Madtp.Kit.Text.Printable;
using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

/// <summary>Cuts the smaller model out of a masked one. Units masked to zero are sliced out of every tensor that makes or reads
/// them; other values are multiplied into what makes the unit. The smaller model computes what the masked one computes: a head
/// dimension that is zero adds nothing to scores or outputs (the scale 1/√d_h stays that of the full head), and GELU(0) = 0, as
/// is CLIP's approximation of it.</summary>
public static class ModelExtraction
{
    /// <summary>The smaller model, in evaluation mode, with weights of its own. Its momentum copies, where it has them, begin as
    /// what they copy: those of the masked model went on without masks. What its queues hold stays.</summary>
    /// <param name="model">The masked model, one of the paper's five; it stays as it is.</param>
    /// <exception cref="ArgumentException">A mask leaves nothing of a width.</exception>
    public static TModel Extract<TModel>(TModel model, ParameterPruning pruning)
        where TModel : nn.Module
    {
        var empty = pruning.Masks.FirstOrDefault(mask => mask.Kept == 0);
        Guard.Argument(empty is null,
            $"the mask of '{empty?.Width.Name}' is zero everywhere; keep one unit at least", nameof(pruning));
        using var unrecorded = no_grad();
        var smaller = (TModel)New(model);
        PrunableWidth.Resize(smaller, width => pruning[width.Name].Kept);
        using var scope = NewDisposeScope();
        var state = model.state_dict();
        foreach (var mask in pruning.Masks)
            Cut(state, mask);

        smaller.to(state.Values.First().device);
        foreach (var (name, target) in smaller.state_dict())
            target.copy_(state[name]);

        (smaller as ContrastiveModel)?.RestartCopies();
        smaller.eval();
        return smaller;
    }

    /// <summary>A new model of the same kind and config, of regular widths.</summary>
    /// <exception cref="ArgumentException">It is none of the five.</exception>
    public static nn.Module New(nn.Module model) => model switch
    {
        BlipNlvr nlvr => new BlipNlvr(nlvr.Config),
        ClipModel clip => new ClipModel(clip.Config),
        BlipRetrieval retrieval => new BlipRetrieval(retrieval.Config),
        BlipCaptioner captioner => new BlipCaptioner(captioner.Config),
        BlipVqa vqa => new BlipVqa(vqa.Config),
        _ => throw new ArgumentException($"how a {model.GetType().Name} is made is not known", nameof(model)),
    };

    private static void Cut(Dictionary<string, Tensor> state, WidthMask mask)
    {
        var (width, values) = (mask.Width, mask.Values());
        int[] kept = [.. Enumerable.Range(0, values.Length).Where(unit => values[unit] != 0)];
        var device = mask.Tensor.device;
        var rows = tensor(Repeated(kept, values.Length, width.Heads * width.Projections)).to(device);
        var columns = tensor(Repeated(kept, values.Length, width.Heads)).to(device);
        var scale = kept.All(unit => values[unit] == 1) ? null
            : mask.Tensor.detach().repeat(width.Heads * width.Projections).index_select(0, rows);
        foreach (var name in width.Rows)
        {
            var left = state[name].index_select(0, rows);
            state[name] = scale is null ? left : left.dim() == 1 ? left * scale : left * scale.unsqueeze(1);
        }

        foreach (var name in width.Columns)
            state[name] = state[name].index_select(-1, columns);
    }

    // Places of the kept units where all units stand some times one after the other.
    private static long[] Repeated(int[] kept, int units, int times) =>
        [.. Enumerable.Range(0, times).SelectMany(time => kept.Select(unit => ((long)time * units) + unit))];
}

/// <summary>Weights of compressed models in files. The tensors' shapes say how wide each layer is.</summary>
public static class CompressedWeights
{
    /// <summary>Fills a model with a file's weights, at the widths that the file shows; in evaluation mode.</summary>
    /// <param name="model">A new model of the config that the weights' model was cut out of.</param>
    /// <param name="hints">Which of the file's weights are meant, and who is told what was done beyond copying.</param>
    /// <exception cref="InvalidDataException">The file's tensors are not those of such a model.</exception>
    public static TModel Load<TModel>(TModel model, CheckpointFile file, CheckpointHints? hints = null)
        where TModel : nn.Module
    {
        var report = Fill(model, file, hints?.Weights);
        (hints?.Tell(report) ?? report).RequireComplete();
        model.eval();
        return model;
    }

    /// <summary>The same without insisting on anything, also for a model on the meta device.</summary>
    public static LoadReport Fill(nn.Module model, CheckpointFile file, string? weights)
    {
        var source = StateDictionary.Read(file, model.state_dict().Keys, weights);
        PrunableWidth.Resize(model, width => Units(source, width));
        return CheckpointLoader.Load(model.state_dict(), source);
    }

    // Widths that the file does not show stay as they are.
    private static int Units(StateDictionary source, PrunableWidth width)
    {
        if (source.Tensors.GetValueOrDefault(width.Rows[0])?.Shape is not [var rows, ..] shape)
            return width.Units;

        var repeats = width.Heads * width.Projections;
        Guard.Data(rows % repeats == 0 && shape.All(size => size is > 0 and <= int.MaxValue),
            $"{source.File.Path}: tensor '{width.Rows[0]}' is {Sizes(shape)}, whose rows are no multiple of {width.Heads} heads "
                + $"times {width.Projections}");
        return (int)(rows / repeats);
    }
}
