using Madtp.Kit.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

/// <summary>Masks attached to every inner width of a model: dimensions of attention heads and units of feed-forward parts, in all
/// encoders and decoders. They hang on the outputs of the maps that make the units; attaching swaps no class and copies no
/// weight, and disposing gives the plain model back. A model is placed on its device before.</summary>
/// <example>
/// <code>
/// using var pruning = ParameterPruning.Attach(model);
/// pruning.Masks[0].Set([1, 0, 1, 1]); // the second dimension of every head of the first block
/// var smaller = ModelExtraction.Extract(model, pruning);
/// </code>
/// </example>
public sealed class ParameterPruning : IDisposable
{
    private ParameterPruning(IReadOnlyList<WidthMask> masks) => Masks = masks;

    /// <summary>The masks, all ones at first, in the order of the model's widths.</summary>
    public IReadOnlyList<WidthMask> Masks { get; }

    /// <summary>The mask of a part by its name, such as <c>text_encoder.encoder.layer.0.crossattention.self0</c>.</summary>
    /// <exception cref="ArgumentException">The model has no such part.</exception>
    public WidthMask this[string name] => Masks.FirstOrDefault(mask => mask.Width.Name == name)
        ?? throw new ArgumentException(
            $"the model has no prunable width '{name}'; it has {string.Join(", ", Masks.Select(mask => mask.Width.Name))}",
                nameof(name));

    /// <summary>Attaches a mask of ones to every width of a model.</summary>
    /// <exception cref="InvalidOperationException">The model is masked already.</exception>
    public static ParameterPruning Attach(nn.Module model)
    {
        var parameters = model.named_parameters().ToDictionary(each => each.name, each => each.parameter);
        return new ParameterPruning([.. PrunableWidth.Of(model).Select(width => new WidthMask(width, parameters))]);
    }

    /// <summary>Detaches every mask; the model is plain again.</summary>
    public void Dispose() => Masks.ToList().ForEach(mask => mask.Dispose());
}

/// <summary>The mask of one inner width: what each unit is multiplied by. 1 changes nothing, 0 takes the unit out.</summary>
public sealed class WidthMask : IDisposable
{
    private readonly List<IDisposable> hooks;

    internal WidthMask(PrunableWidth width, IReadOnlyDictionary<string, Parameter> parameters)
    {
        Width = width;
        var first = parameters[width.Rows[0]];
        Tensor = ones(width.Units, dtype: first.dtype, device: first.device).DetachFromDisposeScope().requires_grad_();

        // Biases go with their weights, and momentum copies run without masks.
        hooks = [.. width.Rows.Where(name => parameters[name].dim() == 2 && !ContrastiveModel.IsOfCopy(name))
            .Select(name => OutputHook.Attach(parameters[name], Masked))];
    }

    public PrunableWidth Width { get; }

    /// <summary>The mask ζ, <c>[units]</c>. It gathers gradients like a parameter but is no parameter of the model.</summary>
    public Tensor Tensor { get; }

    public int Units => Width.Units;

    /// <summary>Units that are not masked to zero.</summary>
    public int Kept => Values().Count(value => value != 0);

    /// <summary>The mask's values.</summary>
    public float[] Values() => Read(Tensor.detach());

    /// <summary>Sets them all.</summary>
    /// <exception cref="ArgumentException">There are not as many values as units.</exception>
    public void Set(float[] values)
    {
        Guard.Argument(values.Length == Units,
            $"the mask of '{Width.Name}' has {Units} values, not {values.Length}", nameof(values));
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
        hooks.ForEach(hook => hook.Dispose());
        Tensor.Dispose();
    }

    internal static float[] Read(Tensor values)
    {
        using var scope = NewDisposeScope();
        return values.cpu().to(float32).data<float>().ToArray();
    }

    // [B, N, projections·h·units], units last.
    private Tensor Masked(Tensor output) => (output.view(output.shape[0], output.shape[1], -1, Units) * Tensor).flatten(2);
}
