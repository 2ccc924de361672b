namespace Madtp.Kit.Data;

/// <summary>Random numbers that are the same on every machine and in every version of .NET: SplitMix64 (Steele, Lea and Flood,
/// "Fast splittable pseudorandom number generators", 2014).</summary>
/// <param name="seed">Where the sequence begins; equal seeds give equal sequences.</param>
public sealed class SeededRandom(ulong seed)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong state = seed;

    /// <summary>A seed of its own for each place in a tree of things (split, set, pair, …), by its parts.</summary>
    public static ulong SeedFor(params ReadOnlySpan<ulong> parts)
    {
        var seed = Golden;
        foreach (var part in parts)
            seed = Mix(seed ^ Mix(part + Golden));

        return seed;
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        state += Golden;
        return Mix(state);
    }

    /// <summary>An integer from 0 to below <paramref name="bound"/>, each as likely as any other.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bound"/> is not positive.</exception>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)Math.BigMul(NextBits(), (ulong)bound, out _);
    }

    /// <summary>A number from 0 to below 1, of 53 random bits.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number from <paramref name="low"/> to below <paramref name="high"/>.</summary>
    public double NextDouble(double low, double high) => low + ((high - low) * NextDouble());

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>One of the items, each as likely as any other.</summary>
    public T Pick<T>(ReadOnlySpan<T> items) => items[Next(items.Length)];

    /// <summary>Puts the items into a random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>For each of some things another one, the same in every call, to give examples another's image or text.</summary>
    internal static int[] Derangement(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new SeededRandom(5).Shuffle(order.AsSpan());
        var other = new int[count];
        for (var i = 0; i < count; i++)
            other[order[i]] = order[(i + 1) % count];

        return other;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
