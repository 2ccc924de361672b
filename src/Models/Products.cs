using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>The linear maps of all blocks and what stands between them: in one place, so that their precision and outputs can be
/// changed from outside. Where no gradient is recorded, they write into what only they know of.</summary>
internal static class Products
{
    /// <summary>A linear layer.</summary>
    public static Tensor Linear(Linear layer, Tensor input) => Linear(input, layer.weight, layer.bias);

    /// <summary>A linear map of weights <c>[out, in]</c>; with mixed precision in bfloat16, its output too.</summary>
    public static Tensor Linear(Tensor input, Parameter weight, Parameter? bias) => OutputHook.Apply(weight, MixedPrecision.IsOn
        ? nn.functional.linear(
            input.to(bfloat16), MixedPrecision.Converted(weight), bias is null ? null! : MixedPrecision.Converted(bias))
        : nn.functional.linear(input, weight, bias!));

    /// <summary>GELU of a map's output.</summary>
    public static Tensor Gelu(Tensor output) => is_grad_enabled() ? nn.functional.gelu(output) : output.gelu_();

    /// <summary>x · σ(1.702 x) of a map's output: the approximation of GELU that CLIP was trained with.</summary>
    public static Tensor QuickGelu(Tensor output) =>
        is_grad_enabled() ? output * (output * 1.702).sigmoid() : output.mul_((output * 1.702).sigmoid_());

    /// <summary>What a map or a product gave plus what nobody else may lose: a residual or a bias, which decide the
    /// precision.</summary>
    public static Tensor Add(Tensor output, Tensor other) =>
        is_grad_enabled() || output.dtype != other.dtype ? output + other : output.add_(other);
}

/// <summary>Mixed precision: while it is on, the matrix products of the encoders' blocks are computed in bfloat16 and what lies
/// between two of them stays so; weights, residual sums, norms, scores, thresholds, losses and gradients of weights stay in
/// float32. bfloat16 has float32's range, so losses need no scaling. Made for GPUs with bfloat16 units (compute capability 8.0
/// and later) and CPUs with AVX-512's or AMX's bfloat16 instructions; others compute the same, more slowly than in
/// float32.</summary>
public static class MixedPrecision
{
    [ThreadStatic]
    private static ConvertedWeights? converted;

    /// <summary>Whether it is on for this thread.</summary>
    public static bool IsOn => converted is not null;

    /// <summary>Switches it on (or off) for this thread until the result is disposed. Where no gradients are recorded a weight is
    /// converted once: one that changes afterwards counts from the next pass that records gradients, or other
    /// <paramref name="weights"/>.</summary>
    /// <param name="on">Whether it is to be on.</param>
    /// <param name="weights">Where converted weights are kept for the next time; null for this time only.</param>
    public static IDisposable Begin(bool on = true, ConvertedWeights? weights = null)
    {
        var before = converted;
        var now = converted = on ? weights ?? new ConvertedWeights() : null;
        return new Undo(() =>
        {
            converted = before;
            if (weights is null)
            {
                now?.Dispose();
            }
        });
    }

    /// <summary>A weight in bfloat16.</summary>
    internal static Tensor Converted(Parameter weight) => converted!.Of(weight);
}

/// <summary>Weights in bfloat16, each converted when it is first asked for; they need half of what the weights need.</summary>
public sealed class ConvertedWeights : IDisposable
{
    private readonly Dictionary<Parameter, Tensor> copies = new(ReferenceEqualityComparer.Instance);

    /// <summary>Frees the copies.</summary>
    public void Dispose()
    {
        foreach (var copy in copies.Values)
        {
            copy.Dispose();
        }

        copies.Clear();
    }

    internal Tensor Of(Parameter weight)
    {
        if (is_grad_enabled())
        {
            Dispose(); // an optimizer's step will follow
            return weight.to(bfloat16);
        }

        if (!copies.TryGetValue(weight, out var copy))
        {
            copies[weight] = copy = weight.detach().to(bfloat16).DetachFromDisposeScope();
        }

        return copy;
    }
}

/// <summary>Changes what a block's linear map gives, from outside and by its weight: no block knows of it.</summary>
public static class OutputHook
{
    private static readonly ConditionalWeakTable<Parameter, Func<Tensor, Tensor>> Attached = [];

    /// <summary>From now on the map of this weight gives <paramref name="change"/> of its output <c>[B, N, out]</c>, until the
    /// result is disposed.</summary>
    /// <exception cref="InvalidOperationException">The weight's map is changed already.</exception>
    public static IDisposable Attach(Parameter weight, Func<Tensor, Tensor> change) => Attached.TryAdd(weight, change)
        ? new Undo(() => Attached.Remove(weight))
        : throw new InvalidOperationException("the output of this map is changed already; dispose that hook first");

    internal static Tensor Apply(Parameter weight, Tensor output) =>
        Attached.TryGetValue(weight, out var change) ? change(output) : output;
}

internal sealed class Undo(Action undo) : IDisposable
{
    public void Dispose() => undo();
}
