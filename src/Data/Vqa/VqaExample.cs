namespace Madtp.Kit.Data.Vqa;

/// <summary>A question about an image.</summary>
/// <param name="QuestionId">The question's number; a submission names it.</param>
/// <param name="Question">The question, as written.</param>
/// <param name="ImagePath">The image's file.</param>
/// <param name="Answers">The answers to learn, weighted; empty where the file has none (test).</param>
/// <param name="Source">"vqa" or "vg" (Visual Genome).</param>
public sealed record VqaExample(long QuestionId, string Question, string ImagePath, IReadOnlyList<VqaAnswer> Answers, string Source)
{
    /// <summary>How many people answered; 0 where nobody did, or the file does not say.</summary>
    public int People { get; init; }

    /// <summary>The kind of question, where the file says it: "what color is the", "how many", ….</summary>
    public string? QuestionType { get; init; }

    /// <summary>"yes/no", "number" or "other", where the file says it.</summary>
    public string? AnswerType { get; init; }
}
