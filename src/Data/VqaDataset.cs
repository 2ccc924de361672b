using System.Text.Json.Serialization;
using Madtp.Kit.Text;

namespace Madtp.Kit.Data;

/// <summary>A question about an image.</summary>
/// <param name="QuestionId">The question's number; a submission names it.</param>
/// <param name="Given">What people answered, ten in VQA; empty where the file has none (test).</param>
/// <param name="QuestionType">The kind of question, where the file says it: "what color is the", "how many", ….</param>
/// <param name="AnswerType">"yes/no", "number" or "other", where the file says it.</param>
/// <param name="Weight">How much an answer counts in training; by how many gave it if null.</param>
public sealed record VqaExample(
    long QuestionId, string Question, string ImagePath, IReadOnlyList<string> Given,
    string? QuestionType = null, string? AnswerType = null, float? Weight = null)
{
    /// <summary>The different answers to learn, in order of appearance, weighted by the share of people who gave them.</summary>
    public IReadOnlyList<(string Text, float Weight)> Answers =>
    [
        .. Weight is { } weight ? Given.Select(text => (text, weight))
            : Given.GroupBy(text => text).Select(same => (same.Key, (float)same.Count() / Given.Count)),
    ];

    /// <summary>The question as it is scored. Who gave an answer does not matter.</summary>
    internal VqaQuestion ToScore() => new(
        QuestionId, QuestionType ?? "", AnswerType ?? "",
        [.. Given.Select((text, person) => new VqaHumanAnswer(text, Number: person + 1))]);
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

/// <summary>Questions about images. Opens VQA v2's official pair of files and BLIP's own form; each question is read from the
/// file when it is asked for, so that the 444,000 training questions open in seconds and little memory.</summary>
public static class VqaDataset
{
    private const float VisualGenomeWeight = 0.2f; // BLIP's, of the single answer that a Visual Genome question has

    /// <summary>Opens VQA v2's official files: "questions", and "annotations" with ten answers each, joined by number.</summary>
    /// <param name="questions">v2_OpenEnded_mscoco_…_questions.json.</param>
    /// <param name="annotations">v2_mscoco_…_annotations.json; null where there are no answers (test).</param>
    /// <param name="imageFolder">The folder that holds train2014, val2014 and test2015.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or a question has no annotation.</exception>
    public static FileList<VqaExample> OpenOfficial(string questions, string? annotations, string imageFolder)
    {
        // "test-dev2015" asks about images of test2015.
        var file = new JsonList(questions, "questions");
        var subset = file.Properties.GetValueOrDefault("data_subtype")?.Replace("test-dev", "test", StringComparison.Ordinal)
            ?? throw new InvalidDataException($"{questions}: no \"data_subtype\" (train2014, val2014, test2015)");
        Guard.Data(file.Count > 0, $"{questions}: no question");
        var asked = file.Select((QuestionRow row, int _) => new VqaExample(
            row.QuestionId, row.Question, JsonRecord.FileIn(imageFolder, subset, $"COCO_{subset}_{row.ImageId:D12}.jpg"), []));
        if (annotations is null)
            return asked;

        var given = new JsonList(annotations, "annotations");
        var places = new Dictionary<long, int>(given.Count);
        foreach (var (place, row) in given.ReadAll<NumberRow>().Index())
            places.TryAdd(row.QuestionId, place);

        int[] annotationOf = [.. file.ReadAll<NumberRow>().Select(row => places.TryGetValue(row.QuestionId, out var place) ? place
            : throw new InvalidDataException($"{annotations}: no answers to question {row.QuestionId} of {questions}"))];
        return new FileList<VqaExample>(asked.Count, index =>
        {
            var annotation = given.Read<AnnotationRow>(annotationOf[index]);
            return asked[index] with
            {
                Given = [.. annotation.Answers.Select(answer => answer.Answer)],
                QuestionType = annotation.QuestionType,
                AnswerType = annotation.AnswerType,
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
    public static FileList<VqaExample> OpenBlip(string path, string cocoFolder, string? visualGenomeFolder = null)
    {
        var file = new JsonList(path);
        Guard.Data(file.Count > 0, $"{path}: no question");
        return file.Select((BlipRow row, int _) =>
        {
            var given = row.Answer ?? [];
            (string, float?) source = row.Dataset switch
            {
                "vqa" => (cocoFolder, null),
                "vg" when visualGenomeFolder is null =>
                    throw new InvalidDataException("a Visual Genome entry, but no folder of Visual Genome images was given"),
                "vg" when given.Length == 1 => (visualGenomeFolder, VisualGenomeWeight),
                "vg" => throw new InvalidDataException($"\"answer\" must be one text, not {given.Length}"),
                var other => throw new InvalidDataException(
                    $"\"dataset\" must be \"vqa\" or \"vg\", not {Printable.Quoted(other)}"),
            };
            var (folder, weight) = source;
            return new VqaExample(
                row.QuestionId, row.Question, JsonRecord.FileIn(folder, row.Image), given, Weight: weight);
        });
    }

    /// <summary>Several data sets one after the other (BLIP trains on VQA's train and val and on Visual Genome); they are
    /// disposed with the result.</summary>
    public static FileList<VqaExample> Concatenate(params IReadOnlyList<FileList<VqaExample>> parts) => new(
        parts.Sum(part => part.Count),
        index =>
        {
            var part = 0;
            for (; index >= parts[part].Count; part++)
                index -= parts[part].Count;

            return parts[part][index];
        },
        [.. parts]);

    // Elements of the files.
    private sealed record NumberRow(long QuestionId);

    private sealed record QuestionRow(long QuestionId, long ImageId, string Question);

    private sealed record AnnotationRow(AnswerRow[] Answers, string? QuestionType = null, string? AnswerType = null);

    [method: JsonConstructor] // a structure, so that none is null
    private readonly record struct AnswerRow(string Answer);

    private sealed record BlipRow(
        long QuestionId, string Question, string Image, string Dataset = "vqa", string[]? Answer = null);
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
