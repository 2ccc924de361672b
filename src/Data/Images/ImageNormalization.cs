using static TorchSharp.torch;

namespace Madtp.Kit.Data.Images;

/// <summary>From bytes to what models take: (v / 255 - mean) / deviation in each channel.</summary>
/// <param name="Mean">What is taken off red, green and blue.</param>
/// <param name="Deviation">What red, green and blue are divided by.</param>
public sealed record ImageNormalization(IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation)
{
    /// <summary>The values of CLIP's training data, used by CLIP and BLIP alike.</summary>
    public static ImageNormalization Clip { get; } = new([0.48145466f, 0.4578275f, 0.40821073f], [0.26862954f, 0.26130258f, 0.27577711f]);

    /// <summary>Writes an image's channels one after the other. <c>[3, H, W]</c></summary>
    /// <param name="pixels">Red, green and blue of each pixel. <c>[H, W, 3]</c></param>
    /// <param name="target">Receives as many numbers as there are bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="target"/> is too short.</exception>
    public void Apply(ReadOnlySpan<byte> pixels, Span<float> target)
    {
        if (target.Length < pixels.Length)
        {
            throw new ArgumentException($"{pixels.Length} numbers do not fit into {target.Length}", nameof(target));
        }

        var plane = pixels.Length / 3;
        Span<float> values = stackalloc float[256];
        for (var channel = 0; channel < 3; channel++)
        {
            for (var v = 0; v < 256; v++)
            {
                values[v] = ((v / 255f) - Mean[channel]) / Deviation[channel];
            }

            var channelTarget = target.Slice(channel * plane, plane);
            for (int i = 0, at = channel; i < channelTarget.Length; i++, at += 3)
            {
                channelTarget[i] = values[pixels[at]];
            }
        }
    }

    /// <summary>Images of one size as a model takes them. <c>[B, 3, H, W]</c></summary>
    /// <param name="images">The images.</param>
    /// <exception cref="ArgumentException">There is none, or they differ in size.</exception>
    public Tensor ToTensor(IReadOnlyList<RgbImage> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 0)
        {
            throw new ArgumentException("there is no image to make a tensor of", nameof(images));
        }

        var (width, height) = (images[0].Width, images[0].Height);
        var values = new float[images.Count * 3 * width * height];
        for (var i = 0; i < images.Count; i++)
        {
            if (images[i].Width != width || images[i].Height != height)
            {
                throw new ArgumentException($"image {i} is {images[i].Width}x{images[i].Height}, the first is {width}x{height}: resize them to one size", nameof(images));
            }

            Apply(images[i].Pixels, values.AsSpan(i * 3 * width * height, 3 * width * height));
        }

        return tensor(values, [images.Count, 3, height, width]);
    }

    /// <summary>The way back, for showing what a model saw: the nearest bytes. <c>[3, H, W]</c> to <c>[H, W, 3]</c></summary>
    /// <param name="values">Normalised channels one after the other.</param>
    /// <param name="pixels">Receives red, green and blue of each pixel.</param>
    public void Undo(ReadOnlySpan<float> values, Span<byte> pixels)
    {
        var plane = values.Length / 3;
        for (var i = 0; i < values.Length; i++)
        {
            var channel = i / plane;
            var value = ((values[i] * Deviation[channel]) + Mean[channel]) * 255f;
            pixels[(i % plane * 3) + channel] = (byte)Math.Clamp((int)MathF.Round(value), 0, 255);
        }
    }
}
