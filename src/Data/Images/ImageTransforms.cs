using static TorchSharp.torch;

namespace Madtp.Kit.Data.Images;

/// <summary>Makes an image of any size the square that a model takes, before normalisation.</summary>
public delegate RgbImage ImageTransform(RgbImage image, SeededRandom random);

/// <summary>What BLIP's training does to an image: a random part of it (half to all of its area, 3:4 to 4:3) is resized to the
/// square, flipped half of the time, and augmented.</summary>
public sealed record TrainingTransform(int Size)
{
    private const int Attempts = 10;
    private const double MinScale = 0.5; // the smallest share of the area that is cut out
    private const double FlipProbability = 0.5;

    /// <summary>The image at <see cref="Size"/> × <see cref="Size"/>, changed at random.</summary>
    public RgbImage Apply(RgbImage image, SeededRandom random)
    {
        var (left, top, width, height) = Part(image.Width, image.Height, random);
        image = BicubicResize.Resize(AffineOperations.Crop(image, left, top, width, height), Size, Size);
        if (random.Chance(FlipProbability))
            image = AffineOperations.FlipHorizontally(image);

        return RandAugment.Apply(image, random);
    }

    /// <summary>A random rectangle: area and the logarithm of the shape are uniform; the largest middle if none fits.</summary>
    internal (int Left, int Top, int Width, int Height) Part(int width, int height, SeededRandom random)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var area = width * (double)height * random.NextDouble(MinScale, 1);
            var shape = Math.Exp(random.NextDouble(Math.Log(3.0 / 4), Math.Log(4.0 / 3)));
            var (w, h) = ((int)Math.Round(Math.Sqrt(area * shape)), (int)Math.Round(Math.Sqrt(area / shape)));
            if (w > 0 && h > 0 && w <= width && h <= height)
                return (random.Next(width - w + 1), random.Next(height - h + 1), w, h);
        }

        var own = (double)width / height;
        var (wide, high) = own < 3.0 / 4 ? (width, Math.Max(1, (int)Math.Round(width / (3.0 / 4))))
            : own > 4.0 / 3 ? (Math.Max(1, (int)Math.Round(height * (4.0 / 3))), height)
            : (width, height);
        return ((width - wide) / 2, (height - high) / 2, wide, high);
    }
}

/// <summary>From bytes to what models take: (v / 255 - mean) / deviation in each channel.</summary>
public sealed record ImageNormalization(IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation)
{
    /// <summary>The values of CLIP's training data, used by CLIP and BLIP alike.</summary>
    public static ImageNormalization Clip { get; } = new(
        [0.48145466f, 0.4578275f, 0.40821073f], [0.26862954f, 0.26130258f, 0.27577711f]);

    /// <summary>Writes an image's channels one after the other. <c>[3, H, W]</c></summary>
    /// <param name="pixels">Red, green and blue of each pixel. <c>[H, W, 3]</c></param>
    /// <exception cref="ArgumentException"><paramref name="target"/> is too short.</exception>
    public void Apply(ReadOnlySpan<byte> pixels, Span<float> target)
    {
        Guard.Argument(target.Length >= pixels.Length,
            $"{pixels.Length} numbers do not fit into {target.Length}", nameof(target));
        var plane = pixels.Length / 3;
        Span<float> values = stackalloc float[256];
        for (var channel = 0; channel < 3; channel++)
        {
            for (var v = 0; v < 256; v++)
                values[v] = ((v / 255f) - Mean[channel]) / Deviation[channel];

            var channelTarget = target.Slice(channel * plane, plane);
            for (int i = 0, at = channel; i < channelTarget.Length; i++, at += 3)
                channelTarget[i] = values[pixels[at]];
        }
    }

    /// <summary>Images of one size as a model takes them. <c>[B, 3, H, W]</c></summary>
    /// <exception cref="ArgumentException">There is none, or they differ in size.</exception>
    public Tensor ToTensor(IReadOnlyList<RgbImage> images)
    {
        Guard.Argument(images.Count != 0, $"there is no image to make a tensor of", nameof(images));
        var (width, height) = (images[0].Width, images[0].Height);
        var values = new float[images.Count * 3 * width * height];
        for (var i = 0; i < images.Count; i++)
        {
            Guard.Argument(images[i].Width == width && images[i].Height == height,
                $"image {i} is {images[i].Width}x{images[i].Height}, the first is {width}x{height}: resize them to one size");
            Apply(images[i].Pixels, values.AsSpan(i * 3 * width * height, 3 * width * height));
        }

        return tensor(values, [images.Count, 3, height, width]);
    }
}
