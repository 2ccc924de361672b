namespace Madtp.Kit.Data.Vqa;

/// <summary>Several sources one after the other.</summary>
internal sealed class ConcatenatedVqaSource(IVqaSource[] parts) : IVqaSource
{
    public int Count { get; } = parts.Sum(p => p.Count);

    public VqaExample this[int index]
    {
        get
        {
            var left = index;
            foreach (var part in parts)
            {
                if (left < part.Count)
                {
                    return part[left];
                }

                left -= part.Count;
            }

            throw new ArgumentOutOfRangeException(nameof(index), index, $"there are {Count} questions");
        }
    }

    public void Dispose() => Array.ForEach(parts, p => p.Dispose());
}
