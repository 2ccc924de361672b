using Madtp.Kit.Models;

namespace Madtp.Kit.Compression;

/// <summary>
/// Masks attached to every inner width of a model: dimensions of attention heads and units of feed-forward parts, in all encoders and decoders.
/// Attaching swaps no class and copies no weight; disposing gives the plain model back.
/// </summary>
/// <example>
/// <code>
/// using var pruning = ParameterPruning.Attach(model);
/// pruning.Masks[0].Set([1, 0, 1, 1]); // the second dimension of every head of the first block
/// var smaller = ModelExtraction.Extract(PrunableFamilies.Nlvr, model, pruning);
/// </code>
/// </example>
public sealed class ParameterPruning : IDisposable
{
    private ParameterPruning(IReadOnlyList<PrunableWidth> widths)
    {
        Masks = [.. widths.Select(width => new WidthMask(width))];
        foreach (var mask in Masks)
        {
            mask.Width.Part.WidthMask = mask.Tensor;
        }
    }

    /// <summary>The masks, all ones at first, in the order of the model's widths.</summary>
    public IReadOnlyList<WidthMask> Masks { get; }

    /// <summary>The mask of a part by its name, such as <c>text_encoder.encoder.layer.0.crossattention.self0</c>.</summary>
    /// <exception cref="ArgumentException">The model has no such part.</exception>
    public WidthMask this[string name] => Masks.FirstOrDefault(mask => mask.Width.Name == name)
        ?? throw new ArgumentException($"the model has no prunable width '{name}'; it has {string.Join(", ", Masks.Select(mask => mask.Width.Name))}", nameof(name));

    /// <summary>Attaches a mask of ones to every width of a model.</summary>
    /// <exception cref="InvalidOperationException">The model is masked already.</exception>
    public static ParameterPruning Attach(IPrunableModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var widths = model.PrunableWidths;
        if (widths.FirstOrDefault(width => width.Part.WidthMask is not null) is { } taken)
        {
            throw new InvalidOperationException($"'{taken.Name}' is masked already; dispose that pruning first");
        }

        return new ParameterPruning(widths);
    }

    /// <summary>Detaches every mask; the model is plain again.</summary>
    public void Dispose()
    {
        foreach (var mask in Masks)
        {
            mask.Dispose();
        }
    }
}
