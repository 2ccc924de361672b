namespace SixLabors.ImageSharp;

/// <summary>The bytes are of no image format known here.</summary>
public sealed class UnknownImageFormatException : ImageFormatException
{
    public UnknownImageFormatException(string errorMessage)
        : base(errorMessage)
    {
    }
}
