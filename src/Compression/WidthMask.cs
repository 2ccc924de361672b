using Madtp.Kit.Models;
using static TorchSharp.torch;

namespace Madtp.Kit.Compression;

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
