namespace Madtp.Kit.Data.Images;

/// <summary>Changes of colour and sharpness, each as PIL's operation of the same name.</summary>
public static class ColorOperations
{
    /// <summary>Stretches each channel so that its darkest value becomes 0 and its brightest 255.</summary>
    /// <param name="image">The image.</param>
    public static RgbImage AutoContrast(RgbImage image) => MapChannels(image, histogram =>
    {
        var low = Array.FindIndex(histogram, n => n > 0);
        var high = Array.FindLastIndex(histogram, n => n > 0);
        if (high <= low)
        {
            return null;
        }

        var scale = 255.0 / (high - low);
        return v => (int)((v * scale) - (low * scale));
    });

    /// <summary>Spreads each channel's values so that all are about equally frequent.</summary>
    /// <param name="image">The image.</param>
    public static RgbImage Equalize(RgbImage image) => MapChannels(image, histogram =>
    {
        var last = Array.FindLastIndex(histogram, n => n > 0);
        var step = (histogram.Sum() - histogram[last]) / 255;
        if (step == 0)
        {
            return null;
        }

        var before = new int[256];
        for (var v = 1; v < 256; v++)
        {
            before[v] = before[v - 1] + histogram[v - 1];
        }

        return v => ((step / 2) + before[v]) / step;
    });

    /// <summary>Multiplies every value.</summary>
    /// <param name="image">The image.</param>
    /// <param name="factor">0 gives black, 1 the image, more a brighter one.</param>
    public static RgbImage Brightness(RgbImage image, double factor) => MapChannels(image, _ => v => (int)(v * factor));

    /// <summary>Moves each pixel away from (or, below 1, towards) its smoothed neighbourhood; the border stays.</summary>
    /// <param name="image">The image.</param>
    /// <param name="factor">0 gives the smoothed image, 1 the image, more a sharper one.</param>
    public static RgbImage Sharpness(RgbImage image, double factor)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (source, stride) = (image.Pixels, image.Width * 3);
        var target = (byte[])source.Clone();
        for (var y = 1; y < image.Height - 1; y++)
        {
            for (var i = (y * stride) + 3; i < ((y + 1) * stride) - 3; i++)
            {
                // PIL's SMOOTH: the eight neighbours once, the pixel five times.
                var sum = source[i] * 4;
                for (var row = -stride; row <= stride; row += stride)
                {
                    sum += source[i + row - 3] + source[i + row] + source[i + row + 3];
                }

                var smooth = (int)((sum / 13.0) + 0.5);
                target[i] = (byte)Math.Clamp((int)(smooth + (factor * (source[i] - smooth))), 0, 255);
            }
        }

        return new RgbImage(image.Width, image.Height, target);
    }

    private static RgbImage MapChannels(RgbImage image, Func<int[], Func<int, int>?> mapFor)
    {
        ArgumentNullException.ThrowIfNull(image);
        var target = (byte[])image.Pixels.Clone();
        for (var channel = 0; channel < 3; channel++)
        {
            var histogram = new int[256];
            for (var i = channel; i < target.Length; i += 3)
            {
                histogram[target[i]]++;
            }

            if (mapFor(histogram) is { } map)
            {
                var table = Enumerable.Range(0, 256).Select(v => (byte)Math.Clamp(map(v), 0, 255)).ToArray();
                for (var i = channel; i < target.Length; i += 3)
                {
                    target[i] = table[target[i]];
                }
            }
        }

        return new RgbImage(image.Width, image.Height, target);
    }
}
