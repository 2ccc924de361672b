using Madtp.Kit.Data.Batching;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data.Batching;

public class BatchLoaderTests
{
    private static readonly BatchSettings Settings = new(4, new EvaluationTransform(2)) { Seed = 9, Normalization = new([0, 0, 0], [1 / 255f, 1 / 255f, 1 / 255f]) };

    [Fact]
    public void Batches_hold_first_images_then_second_ones_in_the_data_sets_order()
    {
        var loader = Loader(6, Settings);
        Assert.Equal(2, loader.BatchCount);
        var batches = loader.Epoch().ToArray();
        Assert.Equal([4, 2], batches.Select(b => b.Count));
        Assert.Equal([4, 5], batches[1].Indices);
        Assert.Equal(2 * 2 * 3 * 4, batches[1].Pixels.Length);
        Assert.Equal([4f, 5f, 104f, 105f], batches[1].Pixels.ToArray().Where((_, i) => i % 12 == 0).Select(v => MathF.Round(v)));
        Assert.All(batches[1].Image(1, 0).ToArray(), v => Assert.Equal(104f, v, 4));
    }

    [Fact]
    public void A_batch_becomes_a_tensor_that_outlives_it()
    {
        var batch = Loader(6, Settings).Epoch().First();
        var numbers = batch.Pixels.ToArray();
        using var images = batch.ToTensor();
        batch.Dispose();
        Assert.Equal([8, 3, 2, 2], images.shape);
        Assert.Equal(numbers, images.data<float>().ToArray());
    }

    [Fact]
    public void Equal_seeds_and_epochs_give_equal_batches_whatever_the_threads()
    {
        var shuffled = Settings with { Shuffle = true, Transform = new Darkened() };
        var one = Contents(Loader(30, shuffled with { Workers = 1, QueueLength = 1 }).Epoch(3));
        Assert.Equal(one, Contents(Loader(30, shuffled with { Workers = 8, QueueLength = 5 }).Epoch(3)));
        Assert.NotEqual(one, Contents(Loader(30, shuffled).Epoch(4)));
        Assert.NotEqual(one, Contents(Loader(30, shuffled with { Seed = 10 }).Epoch(3)));
        Assert.Equal(one[4..], Contents(Loader(30, shuffled).Epoch(3, firstBatch: 4)));
    }

    [Fact]
    public void Shuffling_leaves_no_example_out()
    {
        Assert.Equal(Enumerable.Range(0, 100), EpochOrder.Shuffled(100, 1, 0).Order());
        Assert.Equal(Enumerable.Range(0, 30), Loader(30, Settings with { Shuffle = true }).Epoch().SelectMany(b => b.Indices).Order());
    }

    [Fact]
    public void A_last_batch_that_is_not_full_can_be_left_out()
    {
        var loader = Loader(30, Settings with { DropLast = true });
        Assert.Equal(7, loader.BatchCount);
        Assert.Equal(Enumerable.Repeat(4, 7), loader.Epoch().Select(b => b.Count));
    }

    [Fact]
    public void A_broken_image_ends_the_epoch_with_its_name()
    {
        var loader = new BatchLoader<int>([.. Enumerable.Range(0, 40)], i => [$"{i}.png"], Settings, path => path == "13.png" ? throw new InvalidDataException("image '13.png' cannot be read") : Flat(1));
        var error = Assert.Throws<InvalidDataException>(() => loader.Epoch().ToArray());
        Assert.Contains("13.png", error.Message);
    }

    [Fact]
    public void Reading_ahead_is_bounded_and_stops_when_the_reader_leaves()
    {
        var loaded = 0;
        var loader = new BatchLoader<int>([.. Enumerable.Range(0, 4000)], i => [$"{i}"], Settings with { QueueLength = 2 }, _ =>
        {
            Interlocked.Increment(ref loaded);
            return Flat(1);
        });
        foreach (var batch in loader.Epoch())
        {
            batch.Dispose();
            Thread.Sleep(100);
            break;
        }

        var atLeaving = loaded;
        Assert.InRange(atLeaving, 4, 4 * 5); // one read, two waiting, one ready, one begun
        Thread.Sleep(50);
        Assert.Equal(atLeaving, loaded);
    }

    [Fact]
    public void Cancelling_ends_the_epoch()
    {
        using var stop = new CancellationTokenSource();
        var loader = Loader(400, Settings);
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (var batch in loader.Epoch(cancellation: stop.Token))
            {
                stop.Cancel();
            }
        });
    }

    [Fact]
    public void A_cache_reads_an_image_once_and_no_more_than_it_may_hold()
    {
        var folder = Directory.CreateTempSubdirectory("kit-cache-").FullName;
        try
        {
            var paths = Enumerable.Range(0, 3).Select(i => Path.Combine(folder, $"{i}.png")).ToArray();
            Array.ForEach(paths, p => Flat(7).SaveAsPng(p));
            var cache = new ImageCache(maxBytes: 30); // two images of 12 bytes
            var first = paths.Select(cache.Load).ToArray();
            Assert.Equal(2, cache.Count);
            Assert.Equal([true, true, false], paths.Select((p, i) => ReferenceEquals(first[i], cache.Load(p))));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static BatchLoader<int> Loader(int count, BatchSettings settings)
        => new([.. Enumerable.Range(0, count)], i => [$"{i}", $"{100 + i}"], settings, path => Flat((byte)int.Parse(path)));

    private static RgbImage Flat(byte value) => new(2, 2, [.. Enumerable.Repeat(value, 12)]);

    private static string[] Contents(IEnumerable<ImageBatch<int>> batches)
        => [.. batches.Select(b => $"{string.Join(',', b.Indices)}: {string.Join(',', b.Pixels.ToArray())}")];

    private sealed class Darkened : IImageTransform
    {
        public int Size => 2;

        public RgbImage Apply(RgbImage image, SeededRandom random) => Flat((byte)random.Next(image.Pixels[0] + 1));
    }
}
