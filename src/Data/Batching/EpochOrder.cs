namespace Madtp.Kit.Data.Batching;

/// <summary>The order in which an epoch goes through a data set.</summary>
public static class EpochOrder
{
    /// <summary>0, 1, 2, ….</summary>
    /// <param name="count">How many examples there are.</param>
    public static int[] Sequential(int count) => [.. Enumerable.Range(0, count)];

    /// <summary>A random order, another one in each epoch, the same on every machine.</summary>
    /// <param name="count">How many examples there are.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">The epoch's number.</param>
    public static int[] Shuffled(int count, ulong seed, int epoch)
    {
        var order = Sequential(count);
        new SeededRandom(SeededRandom.SeedFor(seed, (ulong)epoch)).Shuffle(order.AsSpan());
        return order;
    }
}
