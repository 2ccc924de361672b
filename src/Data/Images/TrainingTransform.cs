namespace Madtp.Kit.Data.Images;

/// <summary>
/// What BLIP's training does to an image: a random part of it (half to all of its area, 3:4 to 4:3) is resized to the square,
/// flipped half of the time, and augmented.
/// </summary>
/// <param name="Size">Width and height of the result in pixels.</param>
public sealed record TrainingTransform(int Size) : IImageTransform
{
    private const int Attempts = 10;

    /// <summary>The smallest share of the area that is cut out.</summary>
    public double MinScale { get; init; } = 0.5;

    /// <summary>How often left and right are swapped. Zero where words speak of left and right.</summary>
    public double FlipProbability { get; init; } = 0.5;

    /// <summary>The augmentation after cropping; null for none.</summary>
    public RandAugment? Augment { get; init; } = new();

    /// <inheritdoc/>
    public RgbImage Apply(RgbImage image, SeededRandom random)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(random);
        var (left, top, width, height) = Part(image.Width, image.Height, random);
        image = BicubicResize.Resize(AffineOperations.Crop(image, left, top, width, height), Size, Size);
        if (random.Chance(FlipProbability))
        {
            image = AffineOperations.FlipHorizontally(image);
        }

        return Augment?.Apply(image, random) ?? image;
    }

    /// <summary>A random rectangle: area and the logarithm of the shape are uniform; the largest middle part if none fits.</summary>
    internal (int Left, int Top, int Width, int Height) Part(int width, int height, SeededRandom random)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var area = width * (double)height * random.NextDouble(MinScale, 1);
            var shape = Math.Exp(random.NextDouble(Math.Log(3.0 / 4), Math.Log(4.0 / 3)));
            var (w, h) = ((int)Math.Round(Math.Sqrt(area * shape)), (int)Math.Round(Math.Sqrt(area / shape)));
            if (w > 0 && h > 0 && w <= width && h <= height)
            {
                return (random.Next(width - w + 1), random.Next(height - h + 1), w, h);
            }
        }

        var wholeShape = (double)width / height;
        var (wide, high) = wholeShape < 3.0 / 4 ? (width, Math.Max(1, (int)Math.Round(width / (3.0 / 4))))
            : wholeShape > 4.0 / 3 ? (Math.Max(1, (int)Math.Round(height * (4.0 / 3))), height)
            : (width, height);
        return ((width - wide) / 2, (height - high) / 2, wide, high);
    }
}
