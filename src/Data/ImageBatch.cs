using System.Collections.Concurrent;
using System.Buffers;
using System.Runtime.ExceptionServices;
using Madtp.Kit.Data.Images;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

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

/// <summary>Some examples with their images decoded, resized and normalised. Dispose it to give its memory to a later batch.</summary>
/// <typeparam name="T">The data set's example.</typeparam>
public sealed class ImageBatch<T> : IDisposable
{
    private readonly int length;
    private float[]? pixels;

    internal ImageBatch(IReadOnlyList<T> examples, int[] indices, int views, int size)
    {
        Examples = examples;
        Indices = indices;
        Views = views;
        Size = size;
        length = checked(views * examples.Count * 3 * size * size);
        pixels = ArrayPool<float>.Shared.Rent(length);
    }

    /// <summary>The examples.</summary>
    public IReadOnlyList<T> Examples { get; }

    /// <summary>Each example's place in the data set.</summary>
    public IReadOnlyList<int> Indices { get; }

    /// <summary>Images of an example: two in NLVR2, else one.</summary>
    public int Views { get; }

    /// <summary>Width and height of each image in pixels.</summary>
    public int Size { get; }

    /// <summary>How many examples there are.</summary>
    public int Count => Examples.Count;

    /// <summary>All first images, then all second ones. <c>[V, B, 3, H, W]</c></summary>
    public Memory<float> Pixels => (pixels ?? throw new ObjectDisposedException(nameof(ImageBatch<T>))).AsMemory(0, length);

    /// <summary>One image's channels one after the other. <c>[3, H, W]</c></summary>
    /// <param name="view">Which image of the example.</param>
    /// <param name="example">The example's place in the batch.</param>
    public Memory<float> Image(int view, int example)
    {
        var image = 3 * Size * Size;
        return Pixels.Slice(((view * Count) + example) * image, image);
    }

    /// <summary>All images as a model takes them: the first ones of all examples, then the second ones. <c>[V·B, 3, H, W]</c></summary>
    /// <param name="device">Where the tensor shall be; the processor where null.</param>
    public Tensor ToTensor(Device? device = null) => tensor(Pixels, [Views * Count, 3, Size, Size], device: device);

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (pixels is not null)
        {
            ArrayPool<float>.Shared.Return(pixels);
            pixels = null;
        }
    }
}

/// <summary>Makes one batch: images decoded on several threads, augmented by seed, epoch and example alone.</summary>
/// <typeparam name="T">The data set's example.</typeparam>
/// <param name="examples">The data set.</param>
/// <param name="imagePaths">An example's images; as many for each example.</param>
/// <param name="settings">How batches are made.</param>
/// <param name="load">Reads an image; <see cref="RgbImage.Load"/> where null.</param>
internal sealed class BatchMaker<T>(IReadOnlyList<T> examples, Func<T, IReadOnlyList<string>> imagePaths, BatchSettings settings, Func<string, RgbImage>? load)
{
    private readonly Func<string, RgbImage> load = load ?? RgbImage.Load;

    /// <summary>The batch of some examples.</summary>
    /// <param name="indices">Their numbers.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="stop">Ends the reading.</param>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public ImageBatch<T> Make(int[] indices, int epoch, CancellationToken stop)
    {
        var chosen = Array.ConvertAll(indices, i => examples[i]);
        var paths = Array.ConvertAll(chosen, e => imagePaths(e));
        var views = paths[0].Count;
        var batch = new ImageBatch<T>(chosen, indices, views, settings.Transform.Size);
        try
        {
            Parallel.For(0, views * chosen.Length, new ParallelOptions { MaxDegreeOfParallelism = settings.Workers, CancellationToken = stop }, item =>
            {
                var (view, example) = Math.DivRem(item, chosen.Length);
                var random = new SeededRandom(SeededRandom.SeedFor(settings.Seed, (ulong)epoch, (ulong)indices[example], (ulong)view));
                var image = settings.Transform.Apply(load(paths[example][view]), random);
                settings.Normalization.Apply(image.Pixels, batch.Image(view, example).Span);
            });
            return batch;
        }
        catch (AggregateException several)
        {
            batch.Dispose();
            ExceptionDispatchInfo.Throw(several.InnerExceptions[0]); // one broken image is reason enough; its message names it
            throw;
        }
        catch (OperationCanceledException)
        {
            batch.Dispose();
            throw;
        }
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
