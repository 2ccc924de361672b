using Madtp.Kit.Cost;
using Madtp.Kit.Models;
using static TorchSharp.torch;

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

/// <summary>The mask of one inner width: what each unit is multiplied by. 1 changes nothing, 0 takes the unit out.</summary>
public sealed class WidthMask : IDisposable
{
    internal WidthMask(PrunableWidth width)
    {
        Width = width;
        Tensor = width.Part.NewMask().DetachFromDisposeScope().requires_grad_();
    }

    /// <summary>What is masked.</summary>
    public PrunableWidth Width { get; }

    /// <summary>The mask ζ, <c>[units]</c>. It gathers gradients like a parameter but is no parameter of the model.</summary>
    public Tensor Tensor { get; }

    /// <summary>How many units there are.</summary>
    public int Units => (int)Tensor.shape[0];

    /// <summary>Units that are not masked to zero.</summary>
    public int Kept => Values().Count(value => value != 0);

    /// <summary>The mask's values.</summary>
    public float[] Values() => Read(Tensor.detach());

    /// <summary>Sets every value.</summary>
    /// <exception cref="ArgumentException">There are not as many values as units.</exception>
    public void Set(float[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length != Units)
        {
            throw new ArgumentException($"the mask of '{Width.Name}' has {Units} values, not {values.Length}", nameof(values));
        }

        using var unrecorded = no_grad();
        using var scope = NewDisposeScope();
        Tensor.copy_(tensor(values));
    }

    /// <summary>Adds the gradient of the last step to a sum and begins the next step at zero.</summary>
    internal void MoveGradient(Tensor sum)
    {
        using var unrecorded = no_grad();
        using var gradient = Tensor.grad;
        if (gradient is not null)
        {
            sum.add_(gradient);
            gradient.zero_();
        }
    }

    /// <summary>Detaches the mask from its layer.</summary>
    public void Dispose()
    {
        if (ReferenceEquals(Width.Part.WidthMask, Tensor))
        {
            Width.Part.WidthMask = null;
        }

        Tensor.Dispose();
    }

    internal static float[] Read(Tensor values)
    {
        using var scope = NewDisposeScope();
        return values.cpu().to(float32).data<float>().ToArray();
    }
}

/// <summary>What compression must know of a kind of model, besides the model itself.</summary>
/// <param name="Create">Makes a model of given sizes.</param>
/// <param name="Macs">Multiply-accumulates of a model of given sizes on an example whose text has so many tokens.</param>
/// <typeparam name="TModel">The model.</typeparam>
/// <typeparam name="TSizes">Its sizes.</typeparam>
public sealed record PrunableFamily<TModel, TSizes>(Func<TSizes, TModel> Create, Func<TSizes, int, long> Macs)
    where TModel : nn.Module, IPrunableModel<TSizes>
    where TSizes : class, IPrunableSizes<TSizes>;

/// <summary>The kinds of model that can be compressed: all five of the paper. Each is counted as its budget is for token reduction.</summary>
public static class PrunableFamilies
{
    /// <summary>BLIP NLVR2: two images with a statement.</summary>
    public static PrunableFamily<BlipNlvr, BlipConfig> Nlvr { get; } = new(
        sizes => new BlipNlvr(sizes),
        (sizes, tokens) => MacLedger.For(BlipCosts.Nlvr(sizes, tokens)).Total(Accounting.Paper));

    /// <summary>CLIP: an image and a text at inference.</summary>
    public static PrunableFamily<ClipModel, ClipConfig> Clip { get; } = new(
        sizes => new ClipModel(sizes),
        (sizes, tokens) => new ClipPairCosts(sizes).Whole(tokens));

    /// <summary>BLIP retrieval: an image and a text, encoded and read together.</summary>
    public static PrunableFamily<BlipRetrieval, BlipConfig> Retrieval { get; } = new(
        sizes => new BlipRetrieval(sizes),
        (sizes, tokens) => new RetrievalPairCosts(sizes).Whole(tokens));

    /// <summary>BLIP captioning: an image with its caption read once.</summary>
    public static PrunableFamily<BlipCaptioner, BlipConfig> Caption { get; } = new(
        sizes => new BlipCaptioner(sizes),
        (sizes, tokens) => new CaptionCosts(sizes).Whole(tokens));

    /// <summary>BLIP VQA: an image with a question and one answer.</summary>
    public static PrunableFamily<BlipVqa, BlipConfig> Vqa { get; } = new(
        sizes => new BlipVqa(sizes),
        (sizes, tokens) => new VqaCosts(sizes).Whole(tokens));
}
