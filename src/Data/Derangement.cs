namespace Madtp.Kit.Data;

/// <summary>An order in which nothing keeps its place, to give every example another's image or text.</summary>
internal static class Derangement
{
    /// <summary>For each of <paramref name="count"/> things another one; the same in every call.</summary>
    public static int[] Of(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new SeededRandom(5).Shuffle(order.AsSpan());
        var other = new int[count];
        for (var i = 0; i < count; i++)
        {
            other[order[i]] = order[(i + 1) % count];
        }

        return other;
    }
}
