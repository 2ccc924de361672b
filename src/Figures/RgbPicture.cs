using Madtp.Kit.Figures.Drawing;

namespace Madtp.Kit.Figures;

/// <summary>A photograph as plain pixels, so that figures need no image library.</summary>
public sealed class RgbPicture
{
    private readonly Raster raster;

    /// <param name="rgb">Red, green and blue of each pixel, row by row from the top.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="height">Rows.</param>
    /// <exception cref="ArgumentException">The bytes do not fill the picture.</exception>
    public RgbPicture(byte[] rgb, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(rgb);
        raster = Raster.Rgb(rgb, width, height);
    }

    /// <summary>Pixels in a row.</summary>
    public int Width => raster.Width;

    /// <summary>Rows of pixels.</summary>
    public int Height => raster.Height;

    /// <summary>The picture with no more pixels than it is shown with: areas of pixels are averaged.</summary>
    internal Raster Shown(int width, int height)
    {
        if (width >= Width || height >= Height)
        {
            return raster;
        }

        var bytes = new byte[3 * width * height];
        for (var y = 0; y < height; y++)
        {
            var (top, bottom) = (y * Height / height, Math.Max((y * Height / height) + 1, (y + 1) * Height / height));
            for (var x = 0; x < width; x++)
            {
                Average(x * Width / width, Math.Max((x * Width / width) + 1, (x + 1) * Width / width), top, bottom, bytes.AsSpan(3 * ((y * width) + x), 3));
            }
        }

        return Raster.Rgb(bytes, width, height);
    }

    /// <summary>The picture without its colours.</summary>
    internal static Raster Grey(Raster picture)
    {
        var bytes = new byte[picture.Bytes.Length];
        for (var i = 0; i < bytes.Length; i += 3)
        {
            var ink = new Ink(picture.Bytes[i], picture.Bytes[i + 1], picture.Bytes[i + 2]);
            bytes.AsSpan(i, 3).Fill((byte)Math.Round(ink.Luminance * 255));
        }

        return picture with { Bytes = bytes };
    }

    private void Average(int left, int right, int top, int bottom, Span<byte> pixel)
    {
        var (red, green, blue) = (0, 0, 0);
        for (var y = top; y < bottom; y++)
        {
            for (var at = 3 * ((y * Width) + left); at < 3 * ((y * Width) + right); at += 3)
            {
                red += raster.Bytes[at];
                green += raster.Bytes[at + 1];
                blue += raster.Bytes[at + 2];
            }
        }

        var count = (right - left) * (bottom - top);
        (pixel[0], pixel[1], pixel[2]) = ((byte)((red + (count / 2)) / count), (byte)((green + (count / 2)) / count), (byte)((blue + (count / 2)) / count));
    }
}
