namespace SixLabors.ImageSharp;

/// <summary>An image could not be read: its format is unknown, or its content is not what its format asks for.</summary>
public class ImageFormatException : Exception
{
    internal ImageFormatException(string errorMessage)
        : base(errorMessage)
    {
    }

    internal ImageFormatException(string errorMessage, Exception innerException)
        : base(errorMessage, innerException)
    {
    }
}
