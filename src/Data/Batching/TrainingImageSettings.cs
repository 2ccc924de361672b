using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Data.Batching;

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
