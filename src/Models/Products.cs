using System.Runtime.CompilerServices;
using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>The linear maps and matrix products of all blocks: in one place, so that their precision and outputs can be changed from outside.</summary>
internal static class Products
{
    /// <summary>A linear layer.</summary>
    public static Tensor Linear(Linear layer, Tensor input) => Linear(input, layer.weight, layer.bias);

    /// <summary>A linear map of weights <c>[out, in]</c>.</summary>
    public static Tensor Linear(Tensor input, Parameter weight, Parameter? bias) => OutputHook.Apply(weight, MixedPrecision.IsOn
        ? nn.functional.linear(input.to(bfloat16), weight.to(bfloat16), bias?.to(bfloat16)!).to(input.dtype)
        : nn.functional.linear(input, weight, bias!));

    /// <summary>A matrix product.</summary>
    public static Tensor MatMul(Tensor left, Tensor right) =>
        MixedPrecision.IsOn ? left.to(bfloat16).MatMul(right.to(bfloat16)).to(left.dtype) : left.MatMul(right);
}

/// <summary>
/// Mixed precision: while it is on, the matrix products of the encoders' blocks are computed in bfloat16, everything else (weights,
/// norms, softmax, scores, losses, gradients of weights) stays in float32. bfloat16 has float32's range, so losses need no scaling.
/// It is made for GPUs with bfloat16 units (compute capability 8.0 and later); a CPU computes the same, but more slowly than in float32.
/// </summary>
public static class MixedPrecision
{
    [ThreadStatic]
    private static bool isOn;

    /// <summary>Whether it is on for this thread.</summary>
    public static bool IsOn => isOn;

    /// <summary>Switches it on (or off) for this thread until the result is disposed.</summary>
    public static IDisposable Begin(bool on = true)
    {
        var before = isOn;
        isOn = on;
        return new Undo(() => isOn = before);
    }
}

/// <summary>Changes what a block's linear map gives, from outside and by its weight: no block knows of it.</summary>
public static class OutputHook
{
    private static readonly ConditionalWeakTable<Parameter, Func<Tensor, Tensor>> Attached = [];

    /// <summary>From now on the map of this weight gives <paramref name="change"/> of its output <c>[B, N, out]</c>, until the result is disposed.</summary>
    /// <exception cref="InvalidOperationException">The weight's map is changed already.</exception>
    public static IDisposable Attach(Parameter weight, Func<Tensor, Tensor> change) => Attached.TryAdd(weight, change)
        ? new Undo(() => Attached.Remove(weight))
        : throw new InvalidOperationException("the output of this map is changed already; dispose that hook first");

    internal static Tensor Apply(Parameter weight, Tensor output) => Attached.TryGetValue(weight, out var change) ? change(output) : output;
}

internal sealed class Undo(Action undo) : IDisposable
{
    public void Dispose() => undo();
}
