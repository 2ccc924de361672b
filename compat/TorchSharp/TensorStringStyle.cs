namespace TorchSharp;

/// <summary>Ways of printing a tensor.</summary>
public enum TensorStringStyle
{
    Metadata = 0,
    Julia = 1,
    Numpy = 2,
    Default = 4,
}
