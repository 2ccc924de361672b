using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Data.Batching;

/// <summary>How a data set is cut into batches.</summary>
/// <param name="BatchSize">Examples in a batch; the last of an epoch may hold fewer.</param>
/// <param name="Transform">What is done to each image after decoding.</param>
public sealed record BatchSettings(int BatchSize, IImageTransform Transform)
{
    /// <summary>Whether each epoch goes through the examples in another order.</summary>
    public bool Shuffle { get; init; }

    /// <summary>Whether a last batch that is not full is left out.</summary>
    public bool DropLast { get; init; }

    /// <summary>Where order and augmentation come from; equal seeds give equal batches, whatever the number of workers.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many finished batches may wait; bounds the memory that reading ahead takes.</summary>
    public int QueueLength { get; init; } = 3;

    /// <summary>How many images are decoded at a time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>How pixels become numbers.</summary>
    public ImageNormalization Normalization { get; init; } = ImageNormalization.Clip;
}
