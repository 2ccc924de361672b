namespace Madtp.Kit.Data.Images;

/// <summary>Shears, shifts, rotations and flips. What comes in from outside is middle gray; between pixels it is linear.</summary>
public static class AffineOperations
{
    private const byte Outside = 128;

    /// <summary>Moves each row sideways in proportion to its height in the picture: x' = x + factor · y.</summary>
    /// <param name="image">The image.</param>
    /// <param name="factor">The slope.</param>
    public static RgbImage ShearX(RgbImage image, double factor) => Transform(image, 1, -factor, 0, 0, 1, 0);

    /// <summary>Moves each column up or down in proportion to its place: y' = y + factor · x.</summary>
    /// <param name="image">The image.</param>
    /// <param name="factor">The slope.</param>
    public static RgbImage ShearY(RgbImage image, double factor) => Transform(image, 1, 0, 0, -factor, 1, 0);

    /// <summary>Moves the image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="right">By so many pixels to the right.</param>
    /// <param name="down">By so many pixels down.</param>
    public static RgbImage Translate(RgbImage image, double right, double down) => Transform(image, 1, 0, -right, 0, 1, -down);

    /// <summary>Turns the image about its middle.</summary>
    /// <param name="image">The image.</param>
    /// <param name="degrees">Against the clock.</param>
    public static RgbImage Rotate(RgbImage image, double degrees)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (sin, cos) = Math.SinCos(degrees * Math.PI / 180);
        var (x, y) = ((image.Width - 1) / 2.0, (image.Height - 1) / 2.0);
        return Transform(image, cos, -sin, x - (cos * x) + (sin * y), sin, cos, y - (sin * x) - (cos * y));
    }

    /// <summary>Swaps left and right.</summary>
    /// <param name="image">The image.</param>
    public static RgbImage FlipHorizontally(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var target = new byte[image.Pixels.Length];
        for (var pixel = 0; pixel < target.Length / 3; pixel++)
        {
            var (y, x) = Math.DivRem(pixel, image.Width);
            image.Pixels.AsSpan(pixel * 3, 3).CopyTo(target.AsSpan(((y * image.Width) + image.Width - 1 - x) * 3));
        }

        return new RgbImage(image.Width, image.Height, target);
    }

    /// <summary>Cuts a rectangle out.</summary>
    /// <param name="image">The image.</param>
    /// <param name="left">The rectangle's first column.</param>
    /// <param name="top">The rectangle's first row.</param>
    /// <param name="width">Its width in pixels.</param>
    /// <param name="height">Its height in pixels.</param>
    /// <exception cref="ArgumentException">It reaches out of the image.</exception>
    public static RgbImage Crop(RgbImage image, int left, int top, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (left < 0 || top < 0 || width <= 0 || height <= 0 || left + width > image.Width || top + height > image.Height)
        {
            throw new ArgumentException($"{width}x{height} at ({left}, {top}) does not lie in an image of {image.Width}x{image.Height}");
        }

        var target = new byte[width * height * 3];
        for (var y = 0; y < height; y++)
        {
            image.Pixels.AsSpan((((top + y) * image.Width) + left) * 3, width * 3).CopyTo(target.AsSpan(y * width * 3));
        }

        return new RgbImage(width, height, target);
    }

    /// <summary>Takes the pixel at (x, y) from (a x + b y + c, d x + e y + f).</summary>
    private static RgbImage Transform(RgbImage image, double a, double b, double c, double d, double e, double f)
    {
        ArgumentNullException.ThrowIfNull(image);
        var target = new byte[image.Pixels.Length];
        for (var y = 0; y < image.Height; y++)
        {
            for (var x = 0; x < image.Width; x++)
            {
                Sample(image, (a * x) + (b * y) + c, (d * x) + (e * y) + f, target.AsSpan(((y * image.Width) + x) * 3, 3));
            }
        }

        return new RgbImage(image.Width, image.Height, target);
    }

    private static void Sample(RgbImage image, double x, double y, Span<byte> pixel)
    {
        var (left, top) = ((int)Math.Floor(x), (int)Math.Floor(y));
        var (right, down) = (x - left, y - top); // the shares of the right and the lower neighbours
        for (var channel = 0; channel < 3; channel++)
        {
            var upper = (At(image, left, top, channel) * (1 - right)) + (At(image, left + 1, top, channel) * right);
            var lower = (At(image, left, top + 1, channel) * (1 - right)) + (At(image, left + 1, top + 1, channel) * right);
            pixel[channel] = (byte)((upper * (1 - down)) + (lower * down) + 0.5);
        }
    }

    private static byte At(RgbImage image, int x, int y, int channel)
        => (uint)x < (uint)image.Width && (uint)y < (uint)image.Height ? image.Pixels[(((y * image.Width) + x) * 3) + channel] : Outside;
}
