using System.Threading.Channels;
using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Data;

/// <summary>A batch that will be asked for.</summary>
/// <param name="Epoch">The epoch, which decides the augmentation.</param>
/// <param name="Examples">The examples' numbers.</param>
public sealed record PlannedBatch(int Epoch, IReadOnlyList<int> Examples);

/// <summary>
/// Batches by their examples' numbers, for a training that decides the order itself. Told what will be asked for, it decodes images
/// ahead, up to a bound; asked for anything else it answers too, only not ahead. What a batch holds depends on seed, epoch and
/// examples alone, so a training that was cut off goes on with the very same batches.
/// </summary>
/// <typeparam name="T">The data set's example.</typeparam>
/// <param name="examples">The data set.</param>
/// <param name="imagePaths">An example's images; as many for each example.</param>
/// <param name="settings">How batches are made; batch size and order are the caller's.</param>
/// <param name="load">Reads an image; <see cref="RgbImage.Load"/> where null.</param>
public sealed class StreamedBatches<T>(IReadOnlyList<T> examples, Func<T, IReadOnlyList<string>> imagePaths, BatchSettings settings, Func<string, RgbImage>? load = null) : IDisposable
{
    private readonly BatchMaker<T> maker = new(examples, imagePaths, settings, load);
    private Ahead? ahead;

    /// <summary>The data set.</summary>
    public IReadOnlyList<T> Examples => examples;

    /// <summary>Tells what will be asked for next, in order; it replaces what was told before.</summary>
    /// <param name="plan">The batches, looked at as they come near; an endless plan is fine, an empty one ends reading ahead.</param>
    public void Foresee(IEnumerable<PlannedBatch> plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ahead?.Dispose();
        ahead = new Ahead(maker, plan, settings.QueueLength);
    }

    /// <summary>The batch of some examples. Dispose it when done with it.</summary>
    /// <param name="epoch">The epoch, which decides the augmentation.</param>
    /// <param name="chosen">The examples' numbers.</param>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    public ImageBatch<T> Batch(int epoch, ReadOnlySpan<int> chosen) =>
        ahead?.Take(epoch, chosen) ?? maker.Make(chosen.ToArray(), epoch, CancellationToken.None);

    /// <summary>Stops reading ahead.</summary>
    public void Dispose()
    {
        ahead?.Dispose();
        ahead = null;
    }

    /// <summary>The batches of a plan, made ahead on a thread of their own.</summary>
    private sealed class Ahead : IDisposable
    {
        private readonly BatchMaker<T> maker;
        private readonly Channel<(PlannedBatch Plan, ImageBatch<T> Batch)> queue;
        private readonly CancellationTokenSource stop = new();
        private readonly Task producer;
        private (PlannedBatch Plan, ImageBatch<T> Batch)? next;

        public Ahead(BatchMaker<T> maker, IEnumerable<PlannedBatch> plan, int length)
        {
            this.maker = maker;
            queue = Channel.CreateBounded<(PlannedBatch, ImageBatch<T>)>(length);
            producer = Task.Run(() => FillAsync(plan, stop.Token), CancellationToken.None);
        }

        /// <summary>The next batch of the plan if it is the one that is asked for, else null.</summary>
        public ImageBatch<T>? Take(int epoch, ReadOnlySpan<int> chosen)
        {
            next ??= Read();
            if (next is not { } head || head.Plan.Epoch != epoch || !chosen.SequenceEqual([.. head.Plan.Examples]))
            {
                return null;
            }

            next = null;
            return head.Batch;
        }

        public void Dispose()
        {
            stop.Cancel();
            producer.Wait(CancellationToken.None);
            next?.Batch.Dispose();
            while (queue.Reader.TryRead(out var unread))
            {
                unread.Batch.Dispose();
            }

            stop.Dispose();
        }

        private (PlannedBatch, ImageBatch<T>)? Read()
            => queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult() && queue.Reader.TryRead(out var item) ? item : null;

        private async Task FillAsync(IEnumerable<PlannedBatch> plan, CancellationToken cancellation)
        {
            try
            {
                foreach (var planned in plan)
                {
                    var batch = maker.Make([.. planned.Examples], planned.Epoch, cancellation);
                    try
                    {
                        await queue.Writer.WriteAsync((planned, batch), cancellation);
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
                // The reader has left; or the batch that fails ends the plan, and fails again, with its reason, when it is asked for.
            }
            finally
            {
                queue.Writer.Complete();
            }
        }
    }
}
