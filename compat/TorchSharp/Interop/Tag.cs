namespace TorchSharp.Interop;

/// <summary>What a <see cref="Value"/> holds; the numbers are kit_torch.cpp's.</summary>
internal enum Tag
{
    Default = 0,
    None = 1,
    Tensor = 2,
    Int = 3,
    Double = 4,
    Bool = 5,
    IntList = 6,
    DoubleList = 7,
    TensorList = 8,
    String = 9,
    Device = 10,
    Generator = 11,
}
