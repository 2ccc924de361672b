namespace SixLabors.ImageSharp;

/// <summary>The format is known, but the content breaks its rules: cut off, corrupt, or lying about its size.</summary>
public sealed class InvalidImageContentException : ImageFormatException
{
    public InvalidImageContentException(string errorMessage)
        : base(errorMessage)
    {
    }

    public InvalidImageContentException(string errorMessage, Exception innerException)
        : base(errorMessage, innerException)
    {
    }
}
