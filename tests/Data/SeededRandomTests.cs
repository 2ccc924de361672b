using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Data;
using Xunit;

namespace Madtp.Kit.Tests.Data;

public class SeededRandomTests
{
    [Fact]
    public void Sequence_is_SplitMix64s()
    {
        // The published generator's first outputs for seed 1234567.
        var random = new SeededRandom(1234567);
        Assert.Equal(
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821],
            Enumerable.Range(0, 5).Select(_ => random.NextBits()));
    }

    [Fact]
    public void Next_stays_below_its_bound_and_reaches_every_value()
    {
        var random = new SeededRandom(7);
        var counts = new int[5];
        for (var i = 0; i < 5000; i++)
            counts[random.Next(5)]++;

        Assert.All(counts, c => Assert.InRange(c, 900, 1100));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.Next(0));
    }

    [Fact]
    public void Shuffle_keeps_the_items() => Prop.ForAll<int[], ulong>((items, seed) =>
    {
        var shuffled = (int[])items.Clone();
        new SeededRandom(seed).Shuffle(shuffled.AsSpan());
        return items.Order().SequenceEqual(shuffled.Order());
    }).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void Every_place_in_the_tree_has_its_own_seed()
    {
        var seeds = new HashSet<ulong>();
        for (var a = 0ul; a < 20; a++)
        {
            Assert.True(seeds.Add(SeededRandom.SeedFor(a)));
            for (var b = 0ul; b < 20; b++)
                Assert.True(seeds.Add(SeededRandom.SeedFor(a, b)));
        }
    }
}
