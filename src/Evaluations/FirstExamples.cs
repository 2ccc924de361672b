using System.Collections;

namespace Madtp.Kit.Evaluations;

/// <summary>The first examples of a data set, which are read from it only when asked for.</summary>
internal sealed class FirstExamples<T>(IReadOnlyList<T> all, int count) : IReadOnlyList<T>
{
    public int Count { get; } = Math.Min(all.Count, count);

    public T this[int index] => index < Count ? all[index] : throw new ArgumentOutOfRangeException(nameof(index), index, $"there are {Count} examples");

    public IEnumerator<T> GetEnumerator() => all.Take(Count).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
