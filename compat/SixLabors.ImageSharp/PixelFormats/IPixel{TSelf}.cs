namespace SixLabors.ImageSharp.PixelFormats;

/// <summary>A pixel format: what an <see cref="Image{TPixel}"/> may be made of.</summary>
public interface IPixel<TSelf> : IPixel, IEquatable<TSelf>
    where TSelf : unmanaged, IPixel<TSelf>
{
}
