using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;

namespace SixLabors.ImageSharp;

/// <summary>Saving.</summary>
public static class ImageExtensions
{
    /// <summary>Writes a baseline JPEG; transparency is dropped.</summary>
    public static void SaveAsJpeg(this Image source, Stream stream, JpegEncoder encoder)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(encoder);
        JpegWriter.Write(stream, source.ToRgb(), source.Width, source.Height, encoder);
    }

    /// <summary>Writes an 8-bit PNG: gray, RGB or RGBA as the pixels are.</summary>
    public static void SaveAsPng(this Image source, string path)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var stream = File.Create(path);
        source.SaveAsPng(stream);
    }

    /// <summary>Writes an 8-bit PNG: gray, RGB or RGBA as the pixels are.</summary>
    public static void SaveAsPng(this Image source, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(stream);
        var (bytes, channels) = source.ToChannels();
        PngWriter.Write(stream, bytes.Span, source.Width, source.Height, channels);
    }
}
