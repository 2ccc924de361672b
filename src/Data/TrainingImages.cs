using System.Collections.Concurrent;
using Madtp.Kit.Data.Images;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>How images of files are prepared for a training.</summary>
/// <param name="ImageSize">Width and height that the model takes, in pixels.</param>
public sealed record TrainingImageSettings(int ImageSize)
{
    /// <summary>What is done to an image that is learned from; BLIP's crop, flip and RandAugment if null. Whatever is scored is only resized.</summary>
    public IImageTransform? Transform { get; init; }

    /// <summary>Where augmentation comes from, together with epoch and example.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many finished batches may wait; bounds the memory that reading ahead takes.</summary>
    public int QueueLength { get; init; } = 3;

    /// <summary>How many images are decoded at a time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Bytes of decoded pixels that are kept of images which are read again and again to calibrate on; the first that are read.</summary>
    public long KeptBytes { get; init; } = 512L << 20;

    /// <summary>How a batch of images that are learned from is made.</summary>
    internal BatchSettings Augmented => Plain with { Transform = Transform ?? new TrainingTransform(ImageSize) };

    /// <summary>How a batch of images that are scored is made.</summary>
    internal BatchSettings Plain => new(1, new EvaluationTransform(ImageSize)) { Seed = Seed, QueueLength = QueueLength, Workers = Workers };
}

/// <summary>The images of a data set on disk, by their examples' numbers: augmented and read ahead for training, as they are for scoring.</summary>
/// <typeparam name="T">The data set's example.</typeparam>
internal sealed class TrainingImages<T> : IDisposable
{
    private readonly StreamedBatches<T> augmented;
    private readonly StreamedBatches<T> plain;

    public TrainingImages(IReadOnlyList<T> examples, Func<T, IReadOnlyList<string>> imagePaths, TrainingImageSettings settings)
    {
        augmented = new StreamedBatches<T>(examples, imagePaths, settings.Augmented);
        plain = new StreamedBatches<T>(examples, imagePaths, settings.Plain, new ImageCache(settings.KeptBytes).Load);
    }

    /// <summary>Images as they are, <c>[B, 3, H, W]</c>.</summary>
    public Tensor Plain(ReadOnlySpan<int> examples, Device? device)
    {
        using var batch = plain.Batch(0, examples);
        return Own(batch, device);
    }

    /// <summary>Images as an epoch of training sees them, <c>[B, 3, H, W]</c>.</summary>
    public Tensor Augmented(int epoch, ReadOnlySpan<int> examples, Device? device)
    {
        using var batch = augmented.Batch(epoch, examples);
        return Own(batch, device);
    }

    /// <summary>Reads ahead what training will ask for.</summary>
    public void Foresee(IEnumerable<PlannedBatch> plan) => augmented.Foresee(plan);

    /// <summary>Stops reading ahead.</summary>
    public void Dispose()
    {
        augmented.Dispose();
        plain.Dispose();
    }

    // The batch's memory goes to a later batch, and a tensor on the processor may be made over it without copying.
    private static Tensor Own(ImageBatch<T> batch, Device? device)
    {
        if (device is not null && device.type != DeviceType.CPU)
        {
            return batch.ToTensor(device);
        }

        using var shared = batch.ToTensor();
        return shared.clone();
    }
}

/// <summary>
/// Keeps decoded images in memory, so that small ones (the toy world's 28,000 take 350 MB) are read once and not once an
/// epoch. Full, it keeps what it has and reads the rest from disk.
/// </summary>
/// <param name="maxBytes">How many bytes of pixels are kept.</param>
public sealed class ImageCache(long maxBytes = 1L << 30)
{
    private readonly ConcurrentDictionary<string, RgbImage> images = new();
    private long bytes;

    /// <summary>How many images are kept.</summary>
    public int Count => images.Count;

    /// <summary>The image, from memory or from disk. Its pixels are shared: they must not be changed.</summary>
    /// <param name="path">The file.</param>
    public RgbImage Load(string path)
    {
        if (images.TryGetValue(path, out var known))
        {
            return known;
        }

        var image = RgbImage.Load(path);
        if (Interlocked.Add(ref bytes, image.Pixels.Length) > maxBytes || !images.TryAdd(path, image))
        {
            Interlocked.Add(ref bytes, -image.Pixels.Length);
        }

        return image;
    }
}
