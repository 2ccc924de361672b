using System.Collections;
using Madtp.Kit.Metrics;

namespace Madtp.Kit.Data.Vqa;

/// <summary>Questions as they are scored, read from their files when they are asked for.</summary>
internal sealed class QuestionTruth(IReadOnlyList<VqaExample> questions, int count) : IReadOnlyList<VqaQuestion>
{
    public int Count => count;

    public VqaQuestion this[int index] => index < count ? Of(questions[index]) : throw new ArgumentOutOfRangeException(nameof(index), index, $"there are {count} questions");

    public IEnumerator<VqaQuestion> GetEnumerator()
    {
        for (var i = 0; i < count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // The answers' weights are shares of the people who gave them; who they were does not matter to a score.
    private static VqaQuestion Of(VqaExample example)
    {
        var people = example.Answers.SelectMany(answer => Enumerable.Repeat(answer.Text, (int)Math.Round(answer.Weight * Math.Max(1, example.People))));
        return new VqaQuestion(example.QuestionId, example.QuestionType ?? string.Empty, example.AnswerType ?? string.Empty, [.. people.Select((answer, n) => new VqaHumanAnswer(answer, Number: n + 1))]);
    }
}
