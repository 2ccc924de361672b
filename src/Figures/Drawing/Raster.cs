namespace Madtp.Kit.Figures.Drawing;

/// <summary>Pixels, three or four bytes each (red, green, blue, opacity), row by row.</summary>
internal sealed record Raster(int Width, int Height, byte[] Bytes, int Channels = 3)
{
    /// <summary>Checks that the bytes fill the picture.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    public static Raster Rgb(byte[] rgb, int width, int height)
    {
        if (width < 1 || height < 1 || rgb.Length != 3L * width * height)
        {
            throw new ArgumentException($"an image of {width} × {height} pixels has {3L * width * height} bytes of RGB, but {rgb.Length} are given");
        }

        return new Raster(width, height, rgb);
    }
}
