namespace Madtp.Kit.Data.Toy;

/// <summary>A question about a scene.</summary>
/// <param name="Text">The question.</param>
/// <param name="Answer">Its answer.</param>
/// <param name="QuestionType">Its first words, as VQA v2 sorts questions.</param>
/// <param name="AnswerType">"yes/no", "number" or "other".</param>
/// <param name="Wrong">What someone may answer who did not look well.</param>
public sealed record ToyQuestion(string Text, string Answer, string QuestionType, string AnswerType, IReadOnlyList<string> Wrong);
