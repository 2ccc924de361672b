using System.Buffers;
using System.Text.Json.Serialization;
using Madtp.Kit.Data;
using Madtp.Kit.Text;

namespace Madtp.Kit.Metrics;

/// <summary>VQA accuracy: an answer is right in so far as three others gave it, averaged over leaving each person out.</summary>
public static class VqaAccuracy
{
    /// <summary>Scores predictions.</summary>
    /// <exception cref="ArgumentException">There is no question, or one has no prediction or no answers.</exception>
    public static VqaScores Compute(IReadOnlyList<VqaQuestion> questions, IReadOnlyDictionary<long, string> predictions,
        VqaVersion version = VqaVersion.Current)
    {
        Guard.Argument(questions.Count != 0, $"there are no questions to score", nameof(questions));
        var accuracies = questions.Select(question => Accuracy(question, PredictionOf(question, predictions), version)).ToArray();
        return new VqaScores(
            Mean(accuracies),
            MeansBy(questions, accuracies, question => question.QuestionType),
            MeansBy(questions, accuracies, question => question.AnswerType),
            [.. questions.Select((question, i) => KeyValuePair
                .Create(question.QuestionId, Rounded(100 * accuracies[i])))]);
    }

    /// <summary>Reads the field's own formats and scores.</summary>
    /// <param name="resultsPath">The submission: <c>[{"question_id": …, "answer": …}]</c>.</param>
    /// <param name="annotationsPath">The official annotations, <c>{"annotations": […]}</c>.</param>
    /// <param name="questionsPath">The official questions, <c>{"questions": […]}</c>; they must be the annotations'.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file has another form, or they do not speak of the same questions.</exception>
    public static VqaScores ComputeFiles(string resultsPath, string annotationsPath, string? questionsPath = null,
        VqaVersion version = VqaVersion.Current)
    {
        var questions = ReadQuestions(annotationsPath);
        var ids = questions.Select(question => question.QuestionId).ToHashSet();
        if (questionsPath is not null)
        {
            using var asked = new JsonList(questionsPath, "questions");
            RequireSame(ids, [.. asked.ReadAll<NumberRow>().Select(row => row.QuestionId)], questionsPath, annotationsPath);
        }

        var predictions = new Dictionary<long, string>();
        using var results = new JsonList(resultsPath);
        foreach (var row in results.ReadAll<ResultRow>())
            predictions[row.QuestionId] = row.Answer;

        RequireSame(ids, [.. predictions.Keys], resultsPath, annotationsPath);
        return Compute(questions, predictions, version);
    }

    /// <summary>Reads the official annotations: every question with people's answers.</summary>
    /// <param name="annotationsPath">The file, <c>{"annotations": […]}</c>.</param>
    /// <exception cref="FileNotFoundException">It is missing.</exception>
    /// <exception cref="InvalidDataException">It has another form, no questions, or a question without answers.</exception>
    public static IReadOnlyList<VqaQuestion> ReadQuestions(string annotationsPath)
    {
        using var annotations = new JsonList(annotationsPath, "annotations");
        VqaQuestion[] questions = [.. annotations.ReadAll<AnnotationRow>().Select(row => new VqaQuestion(
            row.QuestionId, row.QuestionType, row.AnswerType,
            [.. row.Answers.Select(of => new VqaHumanAnswer(of.Answer, of.AnswerConfidence, of.AnswerId))]))];
        var silent = questions.FirstOrDefault(question => question.Answers.Count == 0);
        Guard.Data(silent is null, $"{annotationsPath}: question {silent?.QuestionId} has no answers");
        Guard.Data(questions.Length > 0, $"{annotationsPath}: there are no questions in it");
        return questions;
    }

    /// <summary>Python's <c>round(x, 2)</c>: the exact value of the number rounded, a tie to the even digit.
    /// <c>Math.Round</c> rounds a scaled copy.</summary>
    internal static double Rounded(double value) => !(Math.Abs(value) < 1e12) ? value : (double)decimal.Round(
        decimal.Parse(value.ToString("F25", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), 2);

    private static double Accuracy(VqaQuestion question, string prediction, VqaVersion version)
    {
        var isCurrent = version == VqaVersion.Current;
        string[] given = [.. question.Answers.Select(answer => isCurrent ? Blanks(answer.Text) : answer.Text)];
        var differ = given.Distinct().Count() > 1;
        var people = question.Answers.Zip(given, (answer, text) => answer with
        {
            Text = !differ ? text : isCurrent ? Normalize(text) : VqaAnswerNormalization.StripPunctuation(text),
        }).ToArray();
        var answer = differ || !isCurrent ? Normalize(Blanks(prediction)) : Blanks(prediction);
        return people.Sum(left =>
            Math.Min(1, people.Count(person => person != left && person.Text == answer) / 3.0)) / people.Length;
    }

    private static string Normalize(string answer) =>
        VqaAnswerNormalization.NormalizeWords(VqaAnswerNormalization.StripPunctuation(answer));

    private static string Blanks(string answer) => PythonText.Strip(answer.Replace('\n', ' ').Replace('\t', ' ')).ToString();

    private static string PredictionOf(VqaQuestion question, IReadOnlyDictionary<long, string> predictions)
        => question.Answers.Count == 0 ? throw new ArgumentException($"question {question.QuestionId} has no answers")
            : predictions.TryGetValue(question.QuestionId, out var prediction) ? prediction
            : throw new ArgumentException($"question {question.QuestionId} has no prediction");

    private static double Mean(IReadOnlyCollection<double> accuracies) =>
        Rounded(100 * accuracies.Sum() / accuracies.Count);

    private static IReadOnlyList<KeyValuePair<string, double>> MeansBy(
        IReadOnlyList<VqaQuestion> questions, double[] accuracies, Func<VqaQuestion, string> kind)
        => [.. questions.Select((question, i) => (Kind: kind(question), Accuracy: accuracies[i])).GroupBy(item => item.Kind)
            .Select(group => KeyValuePair.Create(group.Key, Mean([.. group.Select(item => item.Accuracy)])))];

    private static void RequireSame(HashSet<long> expected, HashSet<long> found, string path, string annotationsPath)
    {
        var (missing, extra) = (expected.Except(found).ToArray(), found.Except(expected).ToArray());
        Guard.Data(missing.Length == 0,
            $"{path}: question {missing[0]} of {annotationsPath} is missing ({missing.Length} in all)");
        Guard.Data(extra.Length == 0, $"{path}: question {extra[0]} is not in {annotationsPath} ({extra.Length} in all)");
    }

    // Elements of the files.
    private sealed record NumberRow(long QuestionId);

    private sealed record ResultRow(long QuestionId, string Answer);

    private sealed record AnnotationRow(long QuestionId, string QuestionType, string AnswerType, AnswerRow[] Answers);

    [method: JsonConstructor] // a structure, so that none is null
    private readonly record struct AnswerRow(string Answer, string? AnswerConfidence = null, long? AnswerId = null);
}

/// <summary>Which version of the official VQA evaluation.</summary>
public enum VqaVersion
{
    /// <summary>The current one (2021): answers are normalized only where the ten people did not all write the same.</summary>
    Current,
    /// <summary>That of 2016, as in LAVIS: predictions always normalized, people's answers in punctuation alone.</summary>
    From2016,
}

/// <summary>VQA accuracies in percent, rounded to two places as the official evaluation does.</summary>
/// <param name="PerQuestionType">By how the question begins, in order of appearance.</param>
/// <param name="PerAnswerType">By <c>yes/no</c>, <c>number</c>, <c>other</c>, in order of appearance.</param>
public sealed record VqaScores(
    double Overall,
    IReadOnlyList<KeyValuePair<string, double>> PerQuestionType,
    IReadOnlyList<KeyValuePair<string, double>> PerAnswerType,
    IReadOnlyList<KeyValuePair<long, double>> PerQuestion);

/// <summary>How the official VQA evaluation makes answers comparable, peculiarities included.</summary>
public static class VqaAnswerNormalization
{
    private const string Punctuation = ";/[]\"{}()=+\\_-><@`,?!";

    private static readonly SearchValues<char> Signs = SearchValues.Create(Punctuation + ".");

    // A flag given in the place of the count, so that only so many periods go.
    private const int MostPeriods = 32;

    private static readonly Dictionary<string, string> Numbers = new(StringComparer.Ordinal)
    {
        ["none"] = "0", ["zero"] = "0", ["one"] = "1", ["two"] = "2", ["three"] = "3", ["four"] = "4", ["five"] = "5",
        ["six"] = "6", ["seven"] = "7", ["eight"] = "8", ["nine"] = "9", ["ten"] = "10",
    };

    private static readonly Dictionary<string, string> Contractions = TextTable.ReadLines("vqa-contractions.txt")
        .Select(line => line.Split(' ')).ToDictionary(fields => fields[0], fields => fields[1], StringComparer.Ordinal);

    /// <summary>Punctuation out: a sign goes without trace where the text has a blank beside that sign anywhere, or a comma
    /// between digits anywhere; else it becomes a blank. Then up to 32 periods go that no digit follows.</summary>
    public static string StripPunctuation(string text)
    {
        if (!text.AsSpan().ContainsAny(Signs))
            return text;

        var result = new StringBuilder(text);
        var comma = HasCommaBetweenDigits(text);
        foreach (var sign in Punctuation)
        {
            var gone = comma || text.Contains($"{sign} ", StringComparison.Ordinal)
                || text.Contains($" {sign}", StringComparison.Ordinal);
            result.Replace(sign.ToString(), gone ? "" : " ");
        }

        var (stripped, removed) = (result.ToString(), 0);
        return Regex.Replace(stripped, @"\.", period =>
            IsDigit(stripped, period.Index + 1) || removed++ >= MostPeriods ? "." : "");
    }

    /// <summary>Lower case, number words as digits, articles out, contractions with their apostrophe, single blanks.</summary>
    public static string NormalizeWords(string text)
    {
        var words = PythonText.Split(PythonText.Lower(text)).Select(word => Numbers.GetValueOrDefault(word, word));
        return string.Join(' ', words.Where(word => word is not ("a" or "an" or "the"))
            .Select(word => Contractions.GetValueOrDefault(word, word)));
    }

    // A digit before it may take two units.
    private static bool HasCommaBetweenDigits(string text) => Enumerable.Range(1, Math.Max(0, text.Length - 1)).Any(i =>
        text[i] == ',' && IsDigit(text, i > 1 && char.IsSurrogatePair(text, i - 2) ? i - 2 : i - 1) && IsDigit(text, i + 1));

    private static bool IsDigit(string text, int index)
        => index < text.Length && UnicodeTables.Instance.CategoryOf(
            PythonText.NextCodePoint(text, ref index)) == UnicodeCategory.DecimalDigitNumber;
}
