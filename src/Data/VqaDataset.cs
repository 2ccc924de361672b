using Madtp.Kit.Text;

namespace Madtp.Kit.Data;

/// <summary>A question about an image.</summary>
/// <param name="QuestionId">The question's number; a submission names it.</param>
/// <param name="Answers">The answers to learn, weighted; empty where the file has none (test).</param>
/// <param name="People">How many people answered; 0 where nobody did, or the file does not say.</param>
/// <param name="QuestionType">The kind of question, where the file says it: "what color is the", "how many", ….</param>
/// <param name="AnswerType">"yes/no", "number" or "other", where the file says it.</param>
public sealed record VqaExample(
    long QuestionId, string Question, string ImagePath, IReadOnlyList<VqaAnswer> Answers, int People = 0,
    string? QuestionType = null, string? AnswerType = null)
{
    /// <summary>The question as it is scored. The answers' weights are shares of the people who gave them; who they were does not
    /// matter.</summary>
    internal VqaQuestion ToScore()
    {
        var given = Answers.SelectMany(
            answer => Enumerable.Repeat(answer.Text, (int)Math.Round(answer.Weight * Math.Max(1, People))));
        VqaHumanAnswer[] answers = [.. given.Select((text, person) => new VqaHumanAnswer(text, Number: person + 1))];
        return new VqaQuestion(QuestionId, QuestionType ?? "", AnswerType ?? "", answers);
    }
}

/// <summary>What people answered to one question.</summary>
/// <param name="QuestionType">How it begins, such as <c>what color is the</c>.</param>
/// <param name="AnswerType"><c>yes/no</c>, <c>number</c> or <c>other</c>.</param>
/// <param name="Answers">Ten in VQA's own data.</param>
public sealed record VqaQuestion(long QuestionId, string QuestionType, string AnswerType, IReadOnlyList<VqaHumanAnswer> Answers);

/// <summary>One person's answer. Two that agree in everything count as one in the evaluation: the number matters.</summary>
/// <param name="Confidence">Whether the person was sure: <c>yes</c>, <c>maybe</c> or <c>no</c>.</param>
/// <param name="Number">The person's number, 1 to 10.</param>
public sealed record VqaHumanAnswer(string Text, string? Confidence = null, long? Number = null);

/// <summary>An answer and how much it counts in training: the share of the ten people who gave it.</summary>
/// <param name="Weight">More than 0, at most 1.</param>
public sealed record VqaAnswer(string Text, float Weight)
{
    /// <summary>Different answers in order of appearance, each weighted by how many gave it.</summary>
    public static IReadOnlyList<VqaAnswer> Weigh(IReadOnlyList<string> given)
        => [.. given.GroupBy(answer => answer).Select(same => new VqaAnswer(same.Key, (float)same.Count() / given.Count))];
}

/// <summary>Questions about images. Opens VQA v2's official pair of files and BLIP's own form; each question is read from the
/// file when it is asked for, so that the 444,000 training questions open in seconds and little memory.</summary>
public sealed class VqaDataset : FileList<VqaExample>
{
    private const float VisualGenomeWeight = 0.2f; // BLIP's, of the single answer that a Visual Genome question has

    private VqaDataset(int count, Func<int, VqaExample> read, params IDisposable?[] files) : base(count, read, files)
    {
    }

    /// <summary>Opens VQA v2's official files: "questions", and "annotations" with ten answers each, joined by number.</summary>
    /// <param name="questions">v2_OpenEnded_mscoco_…_questions.json.</param>
    /// <param name="annotations">v2_mscoco_…_annotations.json; null where there are no answers (test).</param>
    /// <param name="imageFolder">The folder that holds train2014, val2014 and test2015.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or a question has no annotation.</exception>
    public static VqaDataset OpenOfficial(string questions, string? annotations, string imageFolder)
    {
        // "test-dev2015" asks about images of test2015.
        var subset = JsonList.Properties(questions)
            .GetValueOrDefault("data_subtype")?.Replace("test-dev", "test", StringComparison.Ordinal)
            ?? throw new InvalidDataException($"{questions}: no \"data_subtype\" (train2014, val2014, test2015)");
        var asked = new JsonList(questions, "questions", ["question_id"], out var numbers);
        VqaExample Question(JsonRecord record) => new(
            record.Number("question_id"),
            record.Text("question"),
            record.FileIn(imageFolder, subset, $"COCO_{subset}_{record.Number("image_id"):D12}.jpg"),
            []);
        if (annotations is null)
        {
            return new VqaDataset(asked.Count, index => Question(asked[index]), asked);
        }

        var given = new JsonList(annotations, "annotations", ["question_id"], out var answered);
        var places = answered.Index().DistinctBy(number => number.Item)
            .ToDictionary(number => number.Item, number => number.Index);
        int[] annotationOf = [.. numbers.Select(number => places.TryGetValue(number, out var place)
            ? place
            : throw new InvalidDataException($"{annotations}: no answers to question {Printable.Shown(number)} of {questions}"))];
        return new VqaDataset(asked.Count, index =>
        {
            var annotation = given[annotationOf[index]];
            string[] answers = [.. annotation.Records("answers").Select(answer => answer.Text("answer"))];
            return Question(asked[index]) with
            {
                Answers = VqaAnswer.Weigh(answers),
                People = answers.Length,
                QuestionType = annotation.Label("question_type"),
                AnswerType = annotation.Label("answer_type"),
            };
        }, asked, given);
    }

    /// <summary>Opens one of BLIP's files: vqa_train.json, vqa_val.json, vqa_test.json, vg_qa.json.</summary>
    /// <param name="path">An array with "question_id", "question", "image", "dataset", and "answer": ten of VQA, one of Visual
    /// Genome, none of a test.</param>
    /// <param name="cocoFolder">What the image names of "vqa" entries are relative to.</param>
    /// <param name="visualGenomeFolder">What the image names of "vg" entries are relative to; null where there are none.</param>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    public static VqaDataset OpenBlip(string path, string cocoFolder, string? visualGenomeFolder = null)
    {
        var entries = new JsonList(path);
        return new VqaDataset(entries.Count, index =>
        {
            var record = entries[index];
            var source = record.Has("dataset") ? record.Text("dataset") : "vqa";
            string[] given = source == "vqa" && record.Has("answer") ? record.Texts("answer") : [];
            var (folder, answers) = source switch
            {
                "vqa" => (cocoFolder, VqaAnswer.Weigh(given)),
                "vg" when visualGenomeFolder is not null =>
                    (visualGenomeFolder, [new VqaAnswer(record.Text("answer"), VisualGenomeWeight)]),
                "vg" => throw record.Error("a Visual Genome entry, but no folder of Visual Genome images was given"),
                _ => throw record.Error($"\"dataset\" must be \"vqa\" or \"vg\", not {Printable.Quoted(source)}"),
            };
            var image = record.FileIn(folder, record.Text("image"));
            return new VqaExample(record.Number("question_id"), record.Text("question"), image, answers)
            {
                People = given.Length,
            };
        }, entries);
    }

    /// <summary>Several data sets one after the other (BLIP trains on VQA's train and val and on Visual Genome); they are
    /// disposed with the result.</summary>
    public static VqaDataset Concatenate(params IReadOnlyList<VqaDataset> parts) => new(
        parts.Sum(part => part.Count),
        index =>
        {
            var part = 0;
            for (; index >= parts[part].Count; part++)
            {
                index -= parts[part].Count;
            }

            return parts[part][index];
        },
        [.. parts]);
}

/// <summary>The answers among which a model chooses when it ranks (BLIP's answer_list.json: an array of texts).</summary>
public static class AnswerList
{
    /// <summary>Reads the list.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no array of texts, or empty.</exception>
    public static IReadOnlyList<string> Load(string path)
    {
        var answers = JsonRecord.Read<string?[]>(
            JsonList.Require(path), e => $"{path}, line {e.LineNumber + 1}: not an array of texts ({JsonRecord.Reason(e)})");
        return answers.Length > 0 && !answers.Contains(null)
            ? [.. answers.OfType<string>()]
            : throw new InvalidDataException($"{path}: no answers, or some are null");
    }
}
