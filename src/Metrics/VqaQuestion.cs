namespace Madtp.Kit.Metrics;

/// <summary>What people answered to one question.</summary>
/// <param name="QuestionId">The question.</param>
/// <param name="QuestionType">How it begins, such as <c>what color is the</c>.</param>
/// <param name="AnswerType"><c>yes/no</c>, <c>number</c> or <c>other</c>.</param>
/// <param name="Answers">The answers, ten in VQA's own data.</param>
public sealed record VqaQuestion(long QuestionId, string QuestionType, string AnswerType, IReadOnlyList<VqaHumanAnswer> Answers);
