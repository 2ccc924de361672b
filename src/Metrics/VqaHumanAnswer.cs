using System.Text.Json.Serialization;

namespace Madtp.Kit.Metrics;

/// <summary>One person's answer. Two that agree in everything count as one in the evaluation, so that the number matters.</summary>
/// <param name="Text">The answer.</param>
/// <param name="Confidence">Whether the person was sure: <c>yes</c>, <c>maybe</c> or <c>no</c>.</param>
/// <param name="Number">The person's number, 1 to 10.</param>
public sealed record VqaHumanAnswer(
    [property: JsonPropertyName("answer")] string Text,
    [property: JsonPropertyName("answer_confidence")] string? Confidence = null,
    [property: JsonPropertyName("answer_id")] int? Number = null);
