using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>A number of any element type, as operators take it.</summary>
public sealed class Scalar : IDisposable
{
    internal Scalar(long value, torch.ScalarType type = torch.ScalarType.Int64)
    {
        Argument = value;
        Type = type;
    }

    internal Scalar(double value, torch.ScalarType type = torch.ScalarType.Float64)
    {
        Argument = value;
        Type = type;
    }

    internal Scalar(bool value)
    {
        Argument = value;
        Type = torch.ScalarType.Bool;
    }

    public torch.ScalarType Type { get; }

    internal Argument Argument { get; }

    internal double Real => Argument.Tag == Tag.Double ? BitConverter.Int64BitsToDouble(Argument.Bits) : Argument.Bits;

    internal long Integer => Argument.Tag == Tag.Double ? (long)Real : Argument.Bits;

    public static implicit operator Scalar(sbyte value) => new(value, torch.ScalarType.Int8);

    public static implicit operator Scalar(int value) => new(value, torch.ScalarType.Int32);

    public static implicit operator Scalar(long value) => new(value);

    public static implicit operator Scalar(float value) => new(value, torch.ScalarType.Float32);

    public static implicit operator Scalar(double value) => new(value);

    /// <summary>Holds nothing to free; exists so that <c>using</c> works as with the package.</summary>
    public void Dispose() => GC.SuppressFinalize(this);
}
