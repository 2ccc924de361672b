namespace Madtp.Kit.Training;

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
