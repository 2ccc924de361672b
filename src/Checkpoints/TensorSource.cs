using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>A tensor to be written: its description, and how to write its elements row-major and little-endian.</summary>
internal sealed record TensorSource(string Name, ScalarType Type, IReadOnlyList<long> Shape, Action<Stream> Write)
{
    /// <summary>How many bytes its elements take.</summary>
    public long ByteCount => Shape.Aggregate((long)Type.ElementSize(), (product, size) => checked(product * size));
}
