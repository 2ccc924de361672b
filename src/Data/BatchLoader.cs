using System.Threading.Channels;
using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Data;

/// <summary>
/// Goes through a data set in batches. Images are decoded on several threads ahead of the reader, up to a bound; order and
/// augmentation depend on seed, epoch and example alone, never on the threads.
/// </summary>
/// <typeparam name="T">The data set's example.</typeparam>
/// <param name="examples">The data set.</param>
/// <param name="imagePaths">An example's images; as many for each example.</param>
/// <param name="settings">How batches are made.</param>
/// <param name="load">Reads an image; <see cref="RgbImage.Load"/> where null. <see cref="ImageCache.Load"/> keeps them in memory.</param>
public sealed class BatchLoader<T>(IReadOnlyList<T> examples, Func<T, IReadOnlyList<string>> imagePaths, BatchSettings settings, Func<string, RgbImage>? load = null)
{
    private readonly BatchMaker<T> maker = new(examples, imagePaths, settings, load);

    /// <summary>Batches in an epoch.</summary>
    public int BatchCount => settings.DropLast ? examples.Count / settings.BatchSize : (examples.Count + settings.BatchSize - 1) / settings.BatchSize;

    /// <summary>The batches of one epoch. Dispose each when done with it.</summary>
    /// <param name="epoch">The epoch's number; decides the order where it is shuffled.</param>
    /// <param name="firstBatch">Where to begin: a run that was cut off goes on with the batch it did not finish.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    public IEnumerable<ImageBatch<T>> Epoch(int epoch = 0, int firstBatch = 0, CancellationToken cancellation = default)
    {
        var order = settings.Shuffle ? EpochOrder.Shuffled(examples.Count, settings.Seed, epoch) : EpochOrder.Sequential(examples.Count);
        var queue = Channel.CreateBounded<ImageBatch<T>>(settings.QueueLength);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var producer = Task.Run(() => FillAsync(queue.Writer, order, epoch, firstBatch, stop.Token), CancellationToken.None);
        try
        {
            while (Next(queue.Reader) is { } batch)
            {
                yield return batch;
            }

            cancellation.ThrowIfCancellationRequested();
        }
        finally
        {
            stop.Cancel();
            producer.Wait(CancellationToken.None);
            while (queue.Reader.TryRead(out var unread))
            {
                unread.Dispose();
            }
        }
    }

    private static ImageBatch<T>? Next(ChannelReader<ImageBatch<T>> queue)
        => queue.WaitToReadAsync().AsTask().GetAwaiter().GetResult() && queue.TryRead(out var batch) ? batch : null;

    private async Task FillAsync(ChannelWriter<ImageBatch<T>> queue, int[] order, int epoch, int firstBatch, CancellationToken stop)
    {
        Exception? error = null;
        try
        {
            for (var number = firstBatch; number < BatchCount; number++)
            {
                var indices = order[(number * settings.BatchSize)..Math.Min((number + 1) * settings.BatchSize, order.Length)];
                var batch = maker.Make(indices, epoch, stop);
                try
                {
                    await queue.WriteAsync(batch, stop);
                }
                catch (OperationCanceledException)
                {
                    batch.Dispose();
                    throw;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The reader has left, and knows.
        }
        catch (Exception e)
        {
            error = e;
        }

        queue.Complete(error);
    }
}
