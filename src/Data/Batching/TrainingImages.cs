using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Batching;

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
