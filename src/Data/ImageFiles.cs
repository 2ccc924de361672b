using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Madtp.Kit.Data.Images;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>A batch that will be asked for.</summary>
/// <param name="Epoch">The epoch, which decides the augmentation.</param>
/// <param name="Examples">The examples' numbers.</param>
public sealed record PlannedBatch(int Epoch, IReadOnlyList<int> Examples);

/// <summary>How images of files are prepared for a training.</summary>
/// <param name="ImageSize">Width and height that the model takes, in pixels.</param>
public sealed record TrainingImageSettings(int ImageSize)
{
    /// <summary>What is done to an image that is learned from; BLIP's crop, flip and RandAugment if null. Whatever is scored is
    /// only resized.</summary>
    public IImageTransform? Transform { get; init; }

    /// <summary>Where augmentation comes from, together with epoch and example.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many finished batches may wait; bounds the memory that reading ahead takes.</summary>
    public int QueueLength { get; init; } = 3;

    /// <summary>How many images are decoded at a time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Bytes of decoded pixels that are kept of images which are read again and again to calibrate on; the first that
    /// are read.</summary>
    public long KeptBytes { get; init; } = 512L << 20;
}

/// <summary>The images of a split by their examples' numbers: in memory (<see cref="DrawnImages"/>) or on disk
/// (<see cref="ImageFiles"/>).</summary>
internal abstract class SplitImages : IDisposable
{
    /// <summary>Normalised images as they are, V of each example: all first ones, then all second ones, <c>[V·B, 3, H,
    /// W]</c>.</summary>
    public abstract Tensor Plain(ReadOnlySpan<int> examples, Device? device);

    /// <summary>The same as an epoch of training sees them: augmented, where they come from files.</summary>
    public virtual Tensor Augmented(int epoch, ReadOnlySpan<int> examples, Device? device) => Plain(examples, device);

    /// <summary>What each patch of the same images shows, <c>[V·B, patches]</c> int64; null where it is not known.</summary>
    public virtual Tensor? PatchClasses(ReadOnlySpan<int> examples, Device? device) => null;

    /// <summary>Told what <see cref="Augmented"/> will be asked for, in order; it replaces what was told before.</summary>
    /// <param name="plan">The batches, looked at as they come near; an endless plan is fine, an empty one ends reading
    /// ahead.</param>
    public virtual void Foresee(IEnumerable<PlannedBatch> plan)
    {
    }

    public abstract void Dispose();
}

/// <summary>
/// Images kept decoded in memory, for small ones: one byte a channel, so that a batch is a gather and a normalisation and
/// nothing has
/// to be prepared ahead.
/// </summary>
internal sealed class DrawnImages : SplitImages
{
    private readonly Tensor images; // [I, 3, H, W]
    private readonly Tensor? patchClasses; // [I, patches]
    private readonly Tensor mean;
    private readonly Tensor deviation;
    private readonly int[][] imageOf;

    /// <summary>Takes over the bytes of I images.</summary>
    /// <param name="pixels">Red, green and blue of every pixel, <c>[I, H, W, 3]</c>.</param>
    /// <param name="size">H and W.</param>
    /// <param name="patchClasses">What each patch shows, <c>[I, patches]</c>; null where it is not known.</param>
    /// <param name="imageOf">Each example's image; one list for the first images of examples, one for the second ones.</param>
    public DrawnImages(byte[] pixels, int size, byte[]? patchClasses, params int[][] imageOf)
    {
        this.imageOf = imageOf;
        var count = pixels.LongLength / (3 * size * size);
        var normalization = ImageNormalization.Clip;
        using var scope = NewDisposeScope();
        images = tensor(pixels, [count, size, size, 3]).permute(0, 3, 1, 2).contiguous().DetachFromDisposeScope();
        this.patchClasses = patchClasses is null ? null : tensor(patchClasses, [count, patchClasses.Length / count]).DetachFromDisposeScope();
        mean = tensor(normalization.Mean.Select(m => m * 255).ToArray()).view(1, 3, 1, 1).DetachFromDisposeScope();
        deviation = tensor(normalization.Deviation.Select(d => d * 255).ToArray()).view(1, 3, 1, 1).DetachFromDisposeScope();
    }

    public override Tensor Plain(ReadOnlySpan<int> examples, Device? device)
    {
        using var scope = NewDisposeScope();
        return ((images.index_select(0, Index(examples)).to(float32) - mean) / deviation).On(device).MoveToOuterDisposeScope();
    }

    public override Tensor? PatchClasses(ReadOnlySpan<int> examples, Device? device)
    {
        using var scope = NewDisposeScope();
        return patchClasses?.index_select(0, Index(examples)).to(int64).On(device).MoveToOuterDisposeScope();
    }

    public override void Dispose()
    {
        foreach (var one in new[] { images, patchClasses, mean, deviation })
        {
            one?.Dispose();
        }
    }

    private Tensor Index(ReadOnlySpan<int> examples)
    {
        int[] chosen = [.. examples];
        return tensor(imageOf.SelectMany(of => chosen.Select(example => (long)of[example])).ToArray());
    }
}

/// <summary>
/// Images on disk, decoded on several threads when they are asked for, and ahead where it was told what will be. What a batch
/// holds
/// depends on seed, epoch and examples alone, so a training that was cut off goes on with the very same batches.
/// </summary>
/// <param name="paths">An example's images; as many for each example.</param>
/// <param name="settings">How images are prepared.</param>
/// <param name="load">Reads an image; <see cref="RgbImage.Load"/> where null.</param>
internal sealed class ImageFiles(Func<int, IReadOnlyList<string>> paths, TrainingImageSettings settings, Func<string, RgbImage>? load = null)
    : SplitImages
{
    private readonly Func<string, RgbImage> load = load ?? RgbImage.Load;
    private readonly IImageTransform resized = new EvaluationTransform(settings.ImageSize);
    private readonly IImageTransform augmented = settings.Transform ?? new TrainingTransform(settings.ImageSize);
    private readonly ConcurrentDictionary<string, RgbImage> kept = new();
    private long keptBytes;
    private Ahead? ahead;

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    public override Tensor Plain(ReadOnlySpan<int> examples, Device? device)
    {
        using var batch = Decode(0, [.. examples], resized, LoadOnce, CancellationToken.None);
        return batch.ToTensor(device);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    public override Tensor Augmented(int epoch, ReadOnlySpan<int> examples, Device? device)
    {
        using var batch = ahead?.Take(epoch, examples) ?? Decode(epoch, [.. examples], augmented, load, CancellationToken.None);
        return batch.ToTensor(device);
    }

    /// <inheritdoc/>
    public override void Foresee(IEnumerable<PlannedBatch> plan)
    {
        ahead?.Dispose();
        ahead = new Ahead(plan, settings.QueueLength, (planned, stop) => Decode(planned.Epoch, [.. planned.Examples], augmented, load, stop));
    }

    /// <summary>Stops reading ahead.</summary>
    public override void Dispose()
    {
        ahead?.Dispose();
        ahead = null;
    }

    // Keeps the first images that are read in memory, so that small ones are read once and not once an epoch.
    private RgbImage LoadOnce(string path)
    {
        if (kept.TryGetValue(path, out var known))
        {
            return known;
        }

        var image = load(path);
        if (Interlocked.Add(ref keptBytes, image.Pixels.Length) > settings.KeptBytes || !kept.TryAdd(path, image))
        {
            Interlocked.Add(ref keptBytes, -image.Pixels.Length);
        }

        return image;
    }

    private Decoded Decode(int epoch, int[] examples, IImageTransform transform, Func<string, RgbImage> load, CancellationToken stop)
    {
        var files = Array.ConvertAll(examples, example => paths(example));
        var batch = new Decoded(files[0].Count * examples.Length, transform.Size);
        try
        {
            var threads = new ParallelOptions { MaxDegreeOfParallelism = settings.Workers, CancellationToken = stop };
            Parallel.For(0, batch.Count, threads, image =>
            {
                var (view, at) = Math.DivRem(image, examples.Length);
                var random = new SeededRandom(SeededRandom.SeedFor(settings.Seed, (ulong)epoch, (ulong)examples[at], (ulong)view));
                ImageNormalization.Clip.Apply(transform.Apply(load(files[at][view]), random).Pixels, batch.Image(image).Span);
            });
            return batch;
        }
        catch (Exception e)
        {
            batch.Dispose();
            ExceptionDispatchInfo.Throw((e as AggregateException)?.InnerExceptions[0] ?? e); // one broken image is reason enough
            throw;
        }
    }

    /// <summary>Normalised images, <c>[N, 3, H, W]</c>; disposed, their memory goes to a later batch.</summary>
    private sealed class Decoded(int count, int size) : IDisposable
    {
        private readonly float[] values = ArrayPool<float>.Shared.Rent(checked(count * 3 * size * size));

        public int Count => count;

        public Memory<float> Image(int image) => values.AsMemory(image * 3 * size * size, 3 * size * size);

        public Tensor ToTensor(Device? device)
        {
            var shared = tensor(values.AsMemory(0, count * 3 * size * size), [count, 3, size, size], device: device);
            if (device is not null && device.type != DeviceType.CPU)
            {
                return shared;
            }

            using (shared)
            {
                return shared.clone(); // a tensor on the processor may be made over the memory without copying
            }
        }

        public void Dispose() => ArrayPool<float>.Shared.Return(values);
    }

    /// <summary>The batches of a plan, made ahead on a thread of their own.</summary>
    private sealed class Ahead : IDisposable
    {
        private readonly BlockingCollection<(PlannedBatch Plan, Decoded Batch)> queue;
        private readonly CancellationTokenSource stop = new();
        private readonly Task producer;
        private (PlannedBatch Plan, Decoded Batch)? next;

        public Ahead(IEnumerable<PlannedBatch> plan, int length, Func<PlannedBatch, CancellationToken, Decoded> decode)
        {
            queue = new(length);
            producer = Task.Run(() => Fill(plan, decode));
        }

        /// <summary>The next batch of the plan if it is the one that is asked for, else null.</summary>
        public Decoded? Take(int epoch, ReadOnlySpan<int> examples)
        {
            next ??= queue.TryTake(out var item, Timeout.Infinite) ? item : null;
            if (next is not { } head || head.Plan.Epoch != epoch || !examples.SequenceEqual([.. head.Plan.Examples]))
            {
                return null;
            }

            next = null;
            return head.Batch;
        }

        public void Dispose()
        {
            stop.Cancel();
            producer.Wait();
            next?.Batch.Dispose();
            while (queue.TryTake(out var unread))
            {
                unread.Batch.Dispose();
            }

            queue.Dispose();
            stop.Dispose();
        }

        private void Fill(IEnumerable<PlannedBatch> plan, Func<PlannedBatch, CancellationToken, Decoded> decode)
        {
            try
            {
                foreach (var planned in plan)
                {
                    var batch = decode(planned, stop.Token);
                    try
                    {
                        queue.Add((planned, batch), stop.Token);
                    }
                    catch (OperationCanceledException)
                    {
                        batch.Dispose();
                        throw;
                    }
                }
            }
            catch (Exception)
            {
                // The reader has left; or the batch that fails ends the plan, and fails again, with its reason, when it is asked
                // for.
            }
            finally
            {
                queue.CompleteAdding();
            }
        }
    }
}
