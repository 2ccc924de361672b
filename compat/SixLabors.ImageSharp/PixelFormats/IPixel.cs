namespace SixLabors.ImageSharp.PixelFormats;

/// <summary>A pixel that can be turned into 8-bit RGBA and back.</summary>
public interface IPixel
{
    /// <summary>Takes this pixel's value from an RGBA one.</summary>
    void FromRgba32(Rgba32 source);

    /// <summary>Writes this pixel's value as RGBA.</summary>
    void ToRgba32(ref Rgba32 dest);
}
