using System.Runtime.InteropServices;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.PixelFormats;

namespace SixLabors.ImageSharp;

/// <summary>An image in memory, whatever its pixel format.</summary>
public abstract class Image : IDisposable
{
    private protected Image(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        Width = width;
        Height = height;
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Reads a file; its format is told from its content, never from its name.</summary>
    /// <exception cref="UnknownImageFormatException">The content is neither PNG nor JPEG.</exception>
    /// <exception cref="InvalidImageContentException">The content is cut off or corrupt.</exception>
    public static Image<TPixel> Load<TPixel>(string path)
        where TPixel : unmanaged, IPixel<TPixel>
        => ImageDecoding.Decode(File.ReadAllBytes(path)).ToImage<TPixel>();

    /// <summary>Decodes the bytes of an image file.</summary>
    public static Image<TPixel> Load<TPixel>(ReadOnlySpan<byte> data)
        where TPixel : unmanaged, IPixel<TPixel>
        => ImageDecoding.Decode(data.ToArray()).ToImage<TPixel>();

    /// <summary>Copies pixels, row by row from the top, into a new image.</summary>
    public static Image<TPixel> LoadPixelData<TPixel>(ReadOnlySpan<TPixel> data, int width, int height)
        where TPixel : unmanaged, IPixel<TPixel>
    {
        var image = new Image<TPixel>(width, height);
        if (data.Length < image.Pixels.Length)
        {
            throw new ArgumentException($"{width}x{height} pixels needed, {data.Length} given", nameof(data));
        }

        data[..image.Pixels.Length].CopyTo(image.Pixels);
        return image;
    }

    /// <summary>Copies pixels, given as bytes in the pixel's own order, into a new image.</summary>
    public static Image<TPixel> LoadPixelData<TPixel>(ReadOnlySpan<byte> data, int width, int height)
        where TPixel : unmanaged, IPixel<TPixel>
        => LoadPixelData(MemoryMarshal.Cast<byte, TPixel>(data), width, height);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);

    /// <summary>The pixels as the PNG writer takes them: bytes, and how many a pixel has.</summary>
    internal abstract (ReadOnlyMemory<byte> Bytes, int Channels) ToChannels();

    /// <summary>The pixels as the JPEG writer takes them.</summary>
    internal abstract Rgb24[] ToRgb();
}
