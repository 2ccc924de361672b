namespace Madtp.Kit.Metrics;

/// <summary>VQA accuracies in percent, rounded to two places as the official evaluation does.</summary>
/// <param name="Overall">Of all questions.</param>
/// <param name="PerQuestionType">By how the question begins, in order of appearance.</param>
/// <param name="PerAnswerType">By <c>yes/no</c>, <c>number</c>, <c>other</c>, in order of appearance.</param>
/// <param name="PerQuestion">Each question's, in order.</param>
public sealed record VqaScores(
    double Overall,
    IReadOnlyList<KeyValuePair<string, double>> PerQuestionType,
    IReadOnlyList<KeyValuePair<string, double>> PerAnswerType,
    IReadOnlyList<KeyValuePair<long, double>> PerQuestion);
