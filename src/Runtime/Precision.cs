using static TorchSharp.torch;

namespace Madtp.Kit.Runtime;

internal static class Precision
{
    /// <summary>A tensor in a type: itself where it has that type, without the call that <c>to</c> makes all the same.</summary>
    public static Tensor As(this Tensor tensor, ScalarType type) => tensor.dtype == type ? tensor : tensor.to(type);
}
