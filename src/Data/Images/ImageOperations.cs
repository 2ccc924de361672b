namespace Madtp.Kit.Data.Images;

/// <summary>Shears, shifts, rotations, flips. What comes in from outside is middle gray; between pixels it is linear.</summary>
public static class AffineOperations
{
    private const byte Outside = 128;

    /// <summary>Moves each row sideways in proportion to its height in the picture: x' = x + factor · y.</summary>
    public static RgbImage ShearX(RgbImage image, double factor) => Transform(image, 1, -factor, 0, 0, 1, 0);

    /// <summary>Moves each column up or down in proportion to its place: y' = y + factor · x.</summary>
    public static RgbImage ShearY(RgbImage image, double factor) => Transform(image, 1, 0, 0, -factor, 1, 0);

    /// <summary>Moves the image by so many pixels to the right and down.</summary>
    public static RgbImage Translate(RgbImage image, double right, double down) => Transform(image, 1, 0, -right, 0, 1, -down);

    /// <summary>Turns the image against the clock about the pixel at half its width and height, as BLIP's training does: half a
    /// pixel right of and below its middle.</summary>
    public static RgbImage Rotate(RgbImage image, double degrees)
    {
        var (sin, cos) = Math.SinCos(degrees * Math.PI / 180);
        var (x, y) = (image.Width / 2.0, image.Height / 2.0);
        return Transform(image, cos, -sin, x - (cos * x) + (sin * y), sin, cos, y - (sin * x) - (cos * y));
    }

    /// <summary>Swaps left and right.</summary>
    public static RgbImage FlipHorizontally(RgbImage image)
    {
        var target = new byte[image.Pixels.Length];
        for (var pixel = 0; pixel < target.Length / 3; pixel++)
        {
            var (y, x) = Math.DivRem(pixel, image.Width);
            image.Pixels.AsSpan(pixel * 3, 3).CopyTo(target.AsSpan(((y * image.Width) + image.Width - 1 - x) * 3));
        }

        return new RgbImage(image.Width, image.Height, target);
    }

    /// <summary>Cuts a rectangle out.</summary>
    /// <exception cref="ArgumentException">It reaches out of the image.</exception>
    public static RgbImage Crop(RgbImage image, int left, int top, int width, int height)
    {
        Guard.Argument(
            left >= 0 && top >= 0 && width > 0 && height > 0 && left + width <= image.Width && top + height <= image.Height,
            $"{width}x{height} at ({left}, {top}) does not lie in an image of {image.Width}x{image.Height}");
        var target = new byte[width * height * 3];
        for (var y = 0; y < height; y++)
            image.Pixels.AsSpan((((top + y) * image.Width) + left) * 3, width * 3).CopyTo(target.AsSpan(y * width * 3));

        return new RgbImage(width, height, target);
    }

    /// <summary>Takes the pixel at (x, y) from (a x + b y + c, d x + e y + f).</summary>
    private static RgbImage Transform(RgbImage image, double a, double b, double c, double d, double e, double f)
    {
        var target = new byte[image.Pixels.Length];
        for (var y = 0; y < image.Height; y++)
        {
            for (var x = 0; x < image.Width; x++)
                Sample(image, (a * x) + (b * y) + c, (d * x) + (e * y) + f, target.AsSpan(((y * image.Width) + x) * 3, 3));
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
        => (uint)x < (uint)image.Width && (uint)y < (uint)image.Height
            ? image.Pixels[(((y * image.Width) + x) * 3) + channel]
            : Outside;
}

/// <summary>Changes of colour, each as PIL's operation of the same name.</summary>
public static class ColorOperations
{
    /// <summary>Stretches each channel so that its darkest value becomes 0 and its brightest 255. PIL is followed on purpose, not
    /// BLIP's code as it runs, which negates the darkest value as a byte: it wraps around, and the channel turns white.</summary>
    public static RgbImage AutoContrast(RgbImage image) => MapChannels(image, histogram =>
    {
        var low = Array.FindIndex(histogram, n => n > 0);
        var high = Array.FindLastIndex(histogram, n => n > 0);
        if (high <= low)
            return null;

        var scale = 255.0 / (high - low);
        return v => (int)((v * scale) - (low * scale));
    });

    /// <summary>Spreads each channel's values so that all are about equally frequent.</summary>
    public static RgbImage Equalize(RgbImage image) => MapChannels(image, histogram =>
    {
        var last = Array.FindLastIndex(histogram, n => n > 0);
        var step = (histogram.Sum() - histogram[last]) / 255;
        if (step == 0)
            return null;

        var before = new int[256];
        for (var v = 1; v < 256; v++)
            before[v] = before[v - 1] + histogram[v - 1];

        return v => ((step / 2) + before[v]) / step;
    });

    private static RgbImage MapChannels(RgbImage image, Func<int[], Func<int, int>?> mapFor)
    {
        var target = (byte[])image.Pixels.Clone();
        for (var channel = 0; channel < 3; channel++)
        {
            var histogram = new int[256];
            for (var i = channel; i < target.Length; i += 3)
                histogram[target[i]]++;

            if (mapFor(histogram) is { } map)
            {
                var table = Enumerable.Range(0, 256).Select(v => (byte)Math.Clamp(map(v), 0, 255)).ToArray();
                for (var i = channel; i < target.Length; i += 3)
                    target[i] = table[target[i]];
            }
        }

        return new RgbImage(image.Width, image.Height, target);
    }
}

/// <summary>RandAugment (Cubuk et al. 2020) as BLIP's training uses it: two operations are drawn from ten, each is applied half
/// of the time, all at magnitude 5 of 10.</summary>
public static class RandAugment
{
    private const int Operations = 2;
    private const double Probability = 0.5;
    private const double Shear = 0.3 * 0.5; // the most of each operation times the magnitude
    private const double Shift = 10 * 0.5; // pixels
    private const double Degrees = 30 * 0.5;

    private static readonly Func<RgbImage, SeededRandom, RgbImage>[] Choices =
    [
        (image, _) => image, // identity
        (image, _) => ColorOperations.AutoContrast(image),
        (image, _) => image, // brightness and sharpness, whose factor is exactly 1 at this magnitude
        (image, _) => image,
        (image, _) => ColorOperations.Equalize(image),
        (image, random) => AffineOperations.ShearX(image, Signed(Shear, random)),
        (image, random) => AffineOperations.ShearY(image, Signed(Shear, random)),
        (image, random) => AffineOperations.Translate(image, Signed(Shift, random), 0),
        (image, random) => AffineOperations.Translate(image, 0, Signed(Shift, random)),
        (image, random) => AffineOperations.Rotate(image, Signed(Degrees, random)),
    ];

    /// <summary>The image, changed.</summary>
    public static RgbImage Apply(RgbImage image, SeededRandom random)
    {
        for (var i = 0; i < Operations; i++)
        {
            var operation = random.Pick<Func<RgbImage, SeededRandom, RgbImage>>(Choices);
            if (random.Chance(Probability))
                image = operation(image, random);
        }

        return image;
    }

    private static double Signed(double value, SeededRandom random) => random.Chance(0.5) ? -value : value;
}
