namespace Madtp.Kit.Metrics;

/// <summary>The two scores of NLVR2.</summary>
/// <param name="Accuracy">The part of examples predicted right.</param>
/// <param name="Consistency">The part of sentences of which all examples are predicted right.</param>
/// <param name="Examples">How many examples there are.</param>
/// <param name="Sentences">How many sentences.</param>
public sealed record Nlvr2Scores(double Accuracy, double Consistency, int Examples, int Sentences);
