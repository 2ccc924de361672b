using Madtp.Kit.Data.Images;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public class ImageFilesTests
{
    private static readonly TrainingImageSettings Settings = new(2) { Transform = Darkened, Seed = 9, QueueLength = 2 };

    private static readonly PlannedBatch[] Plan = [.. Enumerable.Range(0, 12).Select(i => new PlannedBatch(i / 4, [i, 30 - i, 60 + i]))];

    [Fact]
    public void What_was_prefetched_is_what_would_have_been_made_on_demand()
    {
        using var asked = Batches(Load);
        using var prefetched = Batches(Load);
        prefetched.Prefetch(Plan);
        Assert.Equal(Plan.Select(p => Contents(asked, p)), Plan.Select(p => Contents(prefetched, p)));
        Assert.NotEqual(Contents(asked, Plan[0]), Contents(asked, Plan[0] with { Epoch = 1 }));
    }

    [Fact]
    public void What_was_prefetched_for_another_epoch_is_made_anew()
    {
        using var asked = Batches(Load);
        using var prefetched = Batches(Load);
        var later = Plan[0] with { Epoch = 1 };
        prefetched.Prefetch([Plan[0]]);
        Assert.Equal(Contents(asked, later), Contents(prefetched, later));
    }

    [Fact]
    public void Both_images_of_an_example_are_augmented_each_in_its_own_way()
    {
        using var files = new ImageFiles(_ => ["250", "250"], Settings, Load);
        using var batch = files.Augmented(0, [1, 2, 3, 4], null);
        Assert.NotEqual(batch.slice(0, 0, 4, 1).data<float>().ToArray(), batch.slice(0, 4, 8, 1).data<float>().ToArray());
    }

    [Fact]
    public void A_batch_out_of_turn_is_made_too_and_the_plan_goes_on()
    {
        var loaded = 0;
        using var batches = Batches(path =>
        {
            Interlocked.Increment(ref loaded);
            return Load(path);
        });
        using var asked = Batches(Load);
        batches.Prefetch(Plan);
        foreach (var planned in Plan)
        {
            var other = new PlannedBatch(7, [1, 2]);
            Assert.Equal(Contents(asked, other), Contents(batches, other));
            Assert.Equal(Contents(asked, planned), Contents(batches, planned));
        }

        Assert.Equal(Plan.Length * ((3 * 2) + (2 * 2)), loaded); // nothing was read twice
    }

    [Fact]
    public void Reading_ahead_is_bounded_and_ends_with_an_empty_plan()
    {
        var loaded = 0;
        using var batches = Batches(path =>
        {
            Interlocked.Increment(ref loaded);
            return Load(path);
        });
        batches.Prefetch(Enumerable.Range(0, int.MaxValue).Select(i => new PlannedBatch(i, [i % 90])));
        batches.Augmented(0, [0], null).Dispose();
        Thread.Sleep(100);
        Assert.InRange(loaded, 2, 2 * 5); // one taken, two waiting, one ready, one begun
        batches.Prefetch([]);
        var atTheEnd = loaded;
        Thread.Sleep(50);
        Assert.Equal(atTheEnd, loaded);
    }

    [Fact]
    public void A_broken_image_fails_the_batch_that_needs_it_with_its_name()
    {
        using var batches = Batches(path => path == "2" ? throw new InvalidDataException("image '2' cannot be read") : Load(path));
        batches.Prefetch(Plan);
        batches.Augmented(0, [0, 30, 60], null).Dispose();
        batches.Augmented(0, [1, 29, 61], null).Dispose();
        Assert.Contains("'2'", Assert.Throws<InvalidDataException>(() => batches.Augmented(0, [2, 28, 62], null)).Message, StringComparison.Ordinal);
        batches.Augmented(0, [3, 27, 63], null).Dispose();
    }

    private static ImageFiles Batches(Func<string, RgbImage> load, TrainingImageSettings? settings = null) => new(i => [$"{i}", $"{100 + i}"], settings ?? Settings, load);

    [Fact]
    public void A_batch_holds_first_images_then_second_ones_whatever_the_threads()
    {
        using var one = Batches(Load, Settings with { Workers = 1 });
        using var many = Batches(Load, Settings with { Workers = 8 });
        using var batch = one.Plain([4, 5, 6], null);
        Assert.Equal([6, 3, 2, 2], batch.shape);
        var expected = new float[12];
        ImageNormalization.Clip.Apply(Flat(104).Pixels, expected);
        Assert.Equal(expected, batch[3].contiguous().data<float>().ToArray());
        Assert.Equal(Contents(one, Plan[5]), Contents(many, Plan[5]));
    }

    [Fact]
    public void A_transform_that_makes_another_size_is_refused()
    {
        using var batches = Batches(Load, Settings with { Transform = (_, _) => new RgbImage(1, 1, new byte[3]) });
        Assert.Contains("became 1x1", Assert.Throws<InvalidDataException>(() => batches.Augmented(0, [4], null)).Message);
    }

    [Fact]
    public void What_is_scored_is_read_once_and_no_more_is_kept_than_allowed()
    {
        var loaded = new List<string>();
        using var batches = Batches(path =>
        {
            lock (loaded)
                loaded.Add(path);

            return Load(path);
        }, Settings with { KeptBytes = 60 }); // five images of 12 bytes
        for (var i = 0; i < 2; i++)
            batches.Plain([1, 2, 3], null).Dispose();

        Assert.Equal(6 + 1, loaded.Count);
    }

    private static string Contents(ImageFiles batches, PlannedBatch planned)
    {
        using var batch = batches.Augmented(planned.Epoch, [.. planned.Examples], null);
        return string.Join(',', batch.data<float>().ToArray());
    }

    private static RgbImage Load(string path) => Flat((byte)int.Parse(path));

    private static RgbImage Flat(byte value) => new(2, 2, [.. Enumerable.Repeat(value, 12)]);

    private static RgbImage Darkened(RgbImage image, SeededRandom random) => Flat((byte)random.Next(image.Pixels[0] + 1));
}
