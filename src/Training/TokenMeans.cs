using Madtp.Kit.Madtp;

namespace Madtp.Kit.Training;

/// <summary>Tokens that leave each layer, mean over images or statements.</summary>
internal sealed class TokenMeans
{
    private readonly Dictionary<string, (double Sum, int Count)> sums = [];

    /// <summary>Adds every step of a trace.</summary>
    public void Add(ReductionTrace? trace)
    {
        foreach (var step in trace?.Steps ?? [])
        {
            var name = $"{step.Encoder}.{step.Layer}";
            var (sum, count) = sums.GetValueOrDefault(name);
            sums[name] = (sum + step.TokensPerSample.Sum(), count + step.TokensPerSample.Count);
        }
    }

    /// <summary>The means by encoder and layer.</summary>
    public IReadOnlyDictionary<string, double> Means() => sums.ToDictionary(s => s.Key, s => s.Value.Sum / s.Value.Count);
}
