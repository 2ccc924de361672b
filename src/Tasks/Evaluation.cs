using Madtp.Kit.Madtp;

namespace Madtp.Kit.Tasks;

/// <summary>How well a model answers, and at what cost.</summary>
/// <param name="Split">The examples it was scored on.</param>
/// <param name="Examples">How many they are.</param>
/// <param name="Accuracy">Share answered right, 0 to 1.</param>
/// <param name="Macs">Multiply-accumulates of one example, mean over the examples ('paper' accounting).</param>
/// <param name="DenseMacs">The same of the plain model on the same examples.</param>
public sealed record Evaluation(string Split, int Examples, double Accuracy, double Macs, double DenseMacs)
{
    /// <summary>Accuracy by kind of example; empty where examples have no kinds.</summary>
    public IReadOnlyDictionary<string, double> ByKind { get; init; } = new Dictionary<string, double>();

    /// <summary>T; null where nothing is reduced.</summary>
    public double? Temperature { get; init; }

    /// <summary>Tokens after each reducing layer of each encoder, mean over the examples; empty where nothing is reduced.</summary>
    public IReadOnlyDictionary<string, double> Tokens { get; init; } = new Dictionary<string, double>();

    /// <summary>Share of the plain model's multiply-accumulates that is left, 0 to 1.</summary>
    public double MacShare => Macs / DenseMacs;
}

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
