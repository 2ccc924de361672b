using System.Text.Json.Serialization;

namespace Madtp.Kit.Evaluations;

/// <summary>What a question was answered with.</summary>
internal sealed record QuestionAnswer(long QuestionId, string Answer, double Macs, double DenseMacs) : ICostedAnswer
{
    /// <summary>The answer as VQA's evaluation reads it.</summary>
    public Submitted ToSubmitted() => new(QuestionId, Answer);

    /// <summary>One entry of a submission.</summary>
    internal sealed record Submitted([property: JsonPropertyName("question_id")] long QuestionId, [property: JsonPropertyName("answer")] string Answer);
}
