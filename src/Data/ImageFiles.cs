using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Madtp.Kit.Data.Images;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>How reading ahead keeps up.</summary>
public static class ReadAhead
{
    /// <summary>Seconds that this process's trainings have waited for images.</summary>
    public static double WaitedSeconds { get; internal set; }
}

/// <summary>How images of files are prepared for a training.</summary>
/// <param name="ImageSize">Width and height that the model takes, in pixels.</param>
public sealed record TrainingImageSettings(int ImageSize)
{
    /// <summary>What is done to an image that is learned from; BLIP's crop, flip and RandAugment if null. Whatever is scored is
    /// only resized.</summary>
    public ImageTransform? Transform { get; init; }

    /// <summary>Where augmentation comes from, together with epoch and example.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many finished batches may wait; bounds the memory that reading ahead takes.</summary>
    public int QueueLength { get; init; } = 3;

    /// <summary>How many images are decoded at a time.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>Bytes of decoded pixels kept of images that are read again and again to calibrate on; the first read.</summary>
    public long KeptBytes { get; init; } = 512L << 20;
}

/// <summary>Images on disk, decoded on several threads when they are asked for, and ahead where it was told what will be. What a
/// batch holds depends on seed, epoch and examples alone, so a training that was cut off goes on with the same batches.</summary>
/// <param name="paths">An example's images; as many for each example.</param>
/// <param name="load">Reads an image; <see cref="RgbImage.Load"/> where null.</param>
internal sealed class ImageFiles(
    Func<int, IReadOnlyList<string>> paths, TrainingImageSettings settings, Func<string, RgbImage>? load = null)
    : SplitImages
{
    private readonly Func<string, RgbImage> load = load ?? RgbImage.Load;
    private readonly ImageTransform augmented = settings.Transform ?? new TrainingTransform(settings.ImageSize).Apply;
    private readonly ConcurrentDictionary<string, RgbImage> kept = new();
    private long keptBytes;
    private Prefetcher? ahead;

    public override Tensor Plain(ReadOnlySpan<int> examples, Device? device)
    {
        using var batch = Decode(0, [.. examples], Resized, LoadOnce, CancellationToken.None);
        return Handed(batch, device);
    }

    public override Tensor Augmented(int epoch, ReadOnlySpan<int> examples, Device? device)
    {
        var asked = Stopwatch.GetTimestamp();
        using var batch = ahead?.Take(epoch, examples) ?? Decode(epoch, [.. examples], augmented, load, CancellationToken.None);
        ReadAhead.WaitedSeconds += Stopwatch.GetElapsedTime(asked).TotalSeconds;
        return Handed(batch, device);
    }

    public override void Prefetch(IEnumerable<PlannedBatch> plan)
    {
        ahead?.Dispose();
        ahead = new Prefetcher(
            plan, settings.QueueLength, (planned, stop) => Decode(planned.Epoch, [.. planned.Examples], augmented, load, stop));
    }

    /// <summary>Stops reading ahead.</summary>
    public override void Dispose()
    {
        ahead?.Dispose();
        ahead = null;
    }

    private RgbImage Resized(RgbImage image, SeededRandom random) =>
        BicubicResize.Resize(image, settings.ImageSize, settings.ImageSize);

    // Keeps the first images that are read in memory, so that small ones are read once and not once an epoch.
    private RgbImage LoadOnce(string path)
    {
        if (kept.TryGetValue(path, out var known))
            return known;

        var image = load(path);
        if (Interlocked.Add(ref keptBytes, image.Pixels.Length) > settings.KeptBytes || !kept.TryAdd(path, image))
            Interlocked.Add(ref keptBytes, -image.Pixels.Length);

        return image;
    }

    // Normalised images, [V·B, 3, H, W], written where they stay.
    private Tensor Decode(
        int epoch, int[] examples, ImageTransform transform, Func<string, RgbImage> load, CancellationToken stop)
    {
        var files = Array.ConvertAll(examples, example => paths(example));
        var (count, size) = (files[0].Count * examples.Length, settings.ImageSize);
        var batch = empty(count, 3, size, size);
        try
        {
            var threads = new ParallelOptions { MaxDegreeOfParallelism = settings.Workers, CancellationToken = stop };
            Parallel.For(0, count, threads, image =>
            {
                var (view, at) = Math.DivRem(image, examples.Length);
                var (path, read) = (files[at][view], load(files[at][view]));
                Guard.Data((long)size * read.Height <= ImageDecoding.MaxPixels,
                    $"image '{path}' of {read.Width}x{read.Height} pixels is too narrow to become one of {size}x{size}");
                var seed = SeededRandom.SeedFor(settings.Seed, (ulong)epoch, (ulong)examples[at], (ulong)view);
                var made = transform(read, new SeededRandom(seed));
                Guard.Data(made.Width == size && made.Height == size,
                    $"image '{path}' became {made.Width}x{made.Height} pixels, but the model takes {size}x{size}");
                using var place = batch.select(0, image);
                ImageNormalization.Clip.Apply(made.Pixels, MemoryMarshal.Cast<byte, float>(place.bytes));
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

    // What was made on another thread belongs to the caller's scope from here on.
    private static Tensor Handed(Tensor batch, Device? device) =>
        device is null || device.type == DeviceType.CPU ? batch.alias() : batch.to(device);

    /// <summary>The batches of a plan, made ahead one after the other.</summary>
    private sealed class Prefetcher : IDisposable
    {
        private readonly IEnumerator<PlannedBatch> plan;
        private readonly int length;
        private readonly Func<PlannedBatch, CancellationToken, Tensor> decode;
        private readonly Queue<(PlannedBatch Plan, Task<Tensor> Batch)> queue = new();
        private readonly CancellationTokenSource stop = new();
        private Task last = Task.CompletedTask;

        public Prefetcher(IEnumerable<PlannedBatch> plan, int length, Func<PlannedBatch, CancellationToken, Tensor> decode)
        {
            (this.plan, this.length, this.decode) = (plan.GetEnumerator(), length, decode);
            Fill();
        }

        /// <summary>The next batch of the plan if it is the one that is asked for, else null.</summary>
        public Tensor? Take(int epoch, ReadOnlySpan<int> examples)
        {
            if (!queue.TryPeek(out var head) || head.Plan.Epoch != epoch || !examples.SequenceEqual([.. head.Plan.Examples]))
                return null;

            queue.Dequeue();
            Fill();
            return head.Batch.GetAwaiter().GetResult();
        }

        public void Dispose()
        {
            stop.Cancel();
            foreach (var (_, batch) in queue)
            {
                ((Task)batch).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult(); // it ends
                if (batch.IsCompletedSuccessfully)
                    batch.Result.Dispose();
            }

            plan.Dispose();
            stop.Dispose();
        }

        private void Fill()
        {
            while (queue.Count < length && plan.MoveNext())
            {
                var planned = plan.Current;
                var batch = last.ContinueWith(_ => decode(planned, stop.Token), TaskScheduler.Default);
                queue.Enqueue((planned, batch));
                last = batch;
            }
        }
    }
}
