using Madtp.Kit.Data.Images;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public class StreamedBatchesTests
{
    private static readonly BatchSettings Settings = new(4, new Darkened()) { Seed = 9, QueueLength = 2, Normalization = new([0, 0, 0], [1 / 255f, 1 / 255f, 1 / 255f]) };

    private static readonly PlannedBatch[] Plan = [.. Enumerable.Range(0, 12).Select(i => new PlannedBatch(i / 4, [i, 30 - i, 60 + i]))];

    [Fact]
    public void What_was_foreseen_is_what_would_have_been_made_on_demand()
    {
        using var asked = Batches(Load);
        using var foreseen = Batches(Load);
        foreseen.Foresee(Plan);
        Assert.Equal(Plan.Select(p => Contents(asked, p)), Plan.Select(p => Contents(foreseen, p)));
        Assert.NotEqual(Contents(asked, Plan[0]), Contents(asked, Plan[0] with { Epoch = 1 }));
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
        batches.Foresee(Plan);
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
        batches.Foresee(Enumerable.Range(0, int.MaxValue).Select(i => new PlannedBatch(i, [i % 90])));
        batches.Batch(0, [0]).Dispose();
        Thread.Sleep(100);
        Assert.InRange(loaded, 2, 2 * 5); // one taken, two waiting, one ready, one begun
        batches.Foresee([]);
        var atTheEnd = loaded;
        Thread.Sleep(50);
        Assert.Equal(atTheEnd, loaded);
    }

    [Fact]
    public void A_broken_image_fails_the_batch_that_needs_it_with_its_name()
    {
        using var batches = Batches(path => path == "2" ? throw new InvalidDataException("image '2' cannot be read") : Load(path));
        batches.Foresee(Plan);
        batches.Batch(0, [0, 30, 60]).Dispose();
        batches.Batch(0, [1, 29, 61]).Dispose();
        Assert.Contains("'2'", Assert.Throws<InvalidDataException>(() => batches.Batch(0, [2, 28, 62])).Message, StringComparison.Ordinal);
        batches.Batch(0, [3, 27, 63]).Dispose();
    }

    private static StreamedBatches<int> Batches(Func<string, RgbImage> load) => new([.. Enumerable.Range(0, 100)], i => [$"{i}", $"{100 + i}"], Settings, load);

    private static string Contents(StreamedBatches<int> batches, PlannedBatch planned)
    {
        using var batch = batches.Batch(planned.Epoch, [.. planned.Examples]);
        return $"{string.Join(',', batch.Indices)}: {string.Join(',', batch.Pixels.ToArray())}";
    }

    private static RgbImage Load(string path) => Flat((byte)int.Parse(path));

    private static RgbImage Flat(byte value) => new(2, 2, [.. Enumerable.Repeat(value, 12)]);

    private sealed class Darkened : IImageTransform
    {
        public int Size => 2;

        public RgbImage Apply(RgbImage image, SeededRandom random) => Flat((byte)random.Next(image.Pixels[0] + 1));
    }
}
