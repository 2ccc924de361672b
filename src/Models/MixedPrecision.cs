using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

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
        return new Restored(before);
    }

    /// <summary>A linear layer.</summary>
    internal static Tensor Linear(Linear layer, Tensor input) => isOn ? Linear(input, layer.weight, layer.bias) : layer.forward(input);

    /// <summary>A linear map of weights <c>[out, in]</c>.</summary>
    internal static Tensor Linear(Tensor input, Tensor weight, Tensor? bias) => isOn
        ? nn.functional.linear(input.to(bfloat16), weight.to(bfloat16), bias?.to(bfloat16)!).to(input.dtype)
        : nn.functional.linear(input, weight, bias!);

    /// <summary>A matrix product.</summary>
    internal static Tensor Product(Tensor left, Tensor right) => isOn ? left.to(bfloat16).MatMul(right.to(bfloat16)).to(left.dtype) : left.MatMul(right);

    private sealed class Restored(bool before) : IDisposable
    {
        public void Dispose() => isOn = before;
    }
}
