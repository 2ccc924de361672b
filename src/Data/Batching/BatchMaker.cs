using System.Runtime.ExceptionServices;
using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Data.Batching;

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
