using System.Collections;
using System.Text.Json;

namespace Madtp.Kit.Data;

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

/// <summary>An answer and how much it counts in training: the share of the ten people who gave it.</summary>
/// <param name="Text">The answer, as written.</param>
/// <param name="Weight">More than 0, at most 1.</param>
public sealed record VqaAnswer(string Text, float Weight)
{
    /// <summary>BLIP's weight of the single answer that a Visual Genome question has.</summary>
    public const float VisualGenomeWeight = 0.2f;

    /// <summary>Different answers in order of appearance, each weighted by how many gave it.</summary>
    /// <param name="given">One answer a person.</param>
    public static IReadOnlyList<VqaAnswer> Weigh(IReadOnlyList<string> given)
    {
        ArgumentNullException.ThrowIfNull(given);
        return [.. given.GroupBy(a => a).Select(g => new VqaAnswer(g.Key, (float)g.Count() / given.Count))];
    }
}

/// <summary>
/// Questions about images. Opens VQA v2's official pair of files, BLIP's own form, and Visual Genome's; each question is read
/// from the file when it is asked for, so that the 444,000 training questions open in seconds and little memory.
/// </summary>
public sealed class VqaDataset : IReadOnlyList<VqaExample>, IDisposable
{
    private readonly IVqaSource source;

    private VqaDataset(IVqaSource source) => this.source = source;

    /// <summary>How many questions there are.</summary>
    public int Count => source.Count;

    /// <summary>A question, read from the file.</summary>
    /// <param name="index">From 0, in the file's order.</param>
    /// <exception cref="InvalidDataException">The entry is malformed; the message names file and line.</exception>
    public VqaExample this[int index] => source[index];

    /// <summary>Opens VQA v2's official files.</summary>
    /// <param name="questions">v2_OpenEnded_mscoco_…_questions.json.</param>
    /// <param name="annotations">v2_mscoco_…_annotations.json; null where there are no answers (test).</param>
    /// <param name="imageFolder">The folder that holds train2014, val2014 and test2015.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or a question has no annotation.</exception>
    public static VqaDataset OpenOfficial(string questions, string? annotations, string imageFolder)
    {
        ArgumentNullException.ThrowIfNull(imageFolder);
        RequireFile(questions);
        if (annotations is not null)
        {
            RequireFile(annotations);
        }

        return new VqaDataset(new OfficialVqaSource(questions, annotations, imageFolder));
    }

    /// <summary>Opens one of BLIP's files: vqa_train.json, vqa_val.json, vqa_test.json, vg_qa.json.</summary>
    /// <param name="path">An array with "question_id", "question", "image", "dataset", and "answer" where it is known.</param>
    /// <param name="cocoFolder">What the image names of "vqa" entries are relative to.</param>
    /// <param name="visualGenomeFolder">What the image names of "vg" entries are relative to; null where the file has none.</param>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    public static VqaDataset OpenBlip(string path, string cocoFolder, string? visualGenomeFolder = null)
    {
        ArgumentNullException.ThrowIfNull(cocoFolder);
        RequireFile(path);
        return new VqaDataset(new BlipVqaSource(path, cocoFolder, visualGenomeFolder));
    }

    /// <summary>Opens Visual Genome's question_answers.json.</summary>
    /// <param name="path">An array of images, each with its "qas".</param>
    /// <param name="imageFolder">The folder that holds the images, by number: "VG_100K" and "VG_100K_2" below it are looked into.</param>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    public static VqaDataset OpenVisualGenome(string path, string imageFolder)
    {
        ArgumentNullException.ThrowIfNull(imageFolder);
        RequireFile(path);
        return new VqaDataset(new VisualGenomeSource(path, imageFolder));
    }

    /// <summary>Several data sets one after the other (BLIP trains on VQA's train and val and on Visual Genome).</summary>
    /// <param name="parts">The data sets; they are disposed with the result.</param>
    public static VqaDataset Concatenate(params IReadOnlyList<VqaDataset> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return new VqaDataset(new ConcatenatedVqaSource([.. parts.Select(p => p.source)]));
    }

    /// <inheritdoc/>
    public IEnumerator<VqaExample> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Closes the files.</summary>
    public void Dispose() => source.Dispose();

    private static void RequireFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"no questions or answers at '{path}'", path);
        }
    }
}

/// <summary>Questions in one of the forms they are published in.</summary>
internal interface IVqaSource : IDisposable
{
    int Count { get; }

    VqaExample this[int index] { get; }
}

/// <summary>VQA v2's own pair of files: "questions", and "annotations" with ten answers each, joined by question number.</summary>
internal sealed class OfficialVqaSource : IVqaSource
{
    private readonly string imageFolder;
    private readonly string subset;
    private readonly JsonIndex questions;
    private readonly JsonIndex? annotations;
    private readonly int[] annotationOf = [];

    public OfficialVqaSource(string questionPath, string? annotationPath, string imageFolder)
    {
        this.imageFolder = imageFolder;

        // "test-dev2015" asks about images of test2015.
        subset = (JsonArrayScanner.TopText(questionPath, "data_subtype") ?? throw new InvalidDataException($"{questionPath}: no \"data_subtype\" (train2014, val2014, test2015)"))
            .Replace("test-dev", "test", StringComparison.Ordinal);
        var ids = new List<long>();
        questions = JsonIndex.Open(questionPath, "questions", (number, json) => ids.Add(IdOf(json, questionPath, number)));
        if (annotationPath is null)
        {
            return;
        }

        var places = new Dictionary<long, int>(ids.Count);
        annotations = JsonIndex.Open(annotationPath, "annotations", (number, json) => places[IdOf(json, annotationPath, number)] = number);
        annotationOf = [.. ids.Select(id => places.TryGetValue(id, out var place) ? place : throw new InvalidDataException($"{annotationPath}: no answers to question {id} of {questionPath}"))];
    }

    public int Count => questions.Count;

    public VqaExample this[int index]
    {
        get
        {
            var question = questions[index];
            var image = $"COCO_{subset}_{question.Number("image_id"):D12}.jpg";
            var example = new VqaExample(question.Number("question_id"), question.Text("question"), Path.Combine(imageFolder, subset, image), [], "vqa");
            if (annotations is null)
            {
                return example;
            }

            var annotation = annotations[annotationOf[index]];
            string[] given = [.. annotation.Records("answers").Select(a => a.Text("answer"))];
            return example with
            {
                Answers = VqaAnswer.Weigh(given),
                People = given.Length,
                QuestionType = annotation.Has("question_type") ? annotation.Text("question_type") : null,
                AnswerType = annotation.Has("answer_type") ? annotation.Text("answer_type") : null,
            };
        }
    }

    public void Dispose()
    {
        questions.Dispose();
        annotations?.Dispose();
    }

    private static long IdOf(ReadOnlySpan<byte> json, string path, int number)
        => JsonPeek.Number(json, "question_id"u8) ?? throw new InvalidDataException($"{path}: entry {number + 1} has no \"question_id\"");
}

/// <summary>BLIP's form: VQA entries list ten answers, Visual Genome's have one, test entries none.</summary>
internal sealed class BlipVqaSource(string path, string cocoFolder, string? visualGenomeFolder) : IVqaSource
{
    private readonly JsonIndex index = JsonIndex.Open(path);

    public int Count => index.Count;

    public VqaExample this[int number]
    {
        get
        {
            var record = index[number];
            var source = record.Has("dataset") ? record.Text("dataset") : "vqa";
            IReadOnlyList<string> given = source == "vqa" && record.Has("answer") ? record.Texts("answer") : [];
            var (folder, answers) = source switch
            {
                "vqa" => (cocoFolder, VqaAnswer.Weigh(given)),
                "vg" => (VisualGenomeFolder(record), [new VqaAnswer(record.Text("answer"), VqaAnswer.VisualGenomeWeight)]),
                _ => throw record.Error($"\"dataset\" must be \"vqa\" or \"vg\", not \"{source}\""),
            };
            return new VqaExample(record.Number("question_id"), record.Text("question"), Path.Combine(folder, record.Text("image")), answers, source) { People = given.Count };
        }
    }

    public void Dispose() => index.Dispose();

    private string VisualGenomeFolder(JsonRecord record)
        => visualGenomeFolder ?? throw record.Error("a Visual Genome entry, but no folder of Visual Genome images was given");
}

/// <summary>Visual Genome's question_answers.json: an array of images, each with its questions ("qas").</summary>
internal sealed class VisualGenomeSource : IVqaSource
{
    private readonly string imageFolder;
    private readonly JsonIndex images;
    private readonly int[] firstOf; // the number of each image's first question; the last entry is the number of questions

    public VisualGenomeSource(string path, string imageFolder)
    {
        this.imageFolder = imageFolder;
        var first = new List<int> { 0 };
        images = JsonIndex.Open(path, property: null, (_, json) => first.Add(first[^1] + Questions(json)));
        firstOf = [.. first];
    }

    public int Count => firstOf[^1];

    public VqaExample this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);

            // Images without questions have their successor's number: the last of equals is the one that has the question.
            var image = Array.BinarySearch(firstOf, index);
            image = image < 0 ? ~image - 1 : image;
            while (firstOf[image + 1] <= index)
            {
                image++;
            }

            var question = images[image].Records("qas")[index - firstOf[image]];
            return new VqaExample(
                question.Number("qa_id"),
                question.Text("question"),
                ImagePath(question.Number("image_id")),
                [new VqaAnswer(question.Text("answer"), VqaAnswer.VisualGenomeWeight)],
                "vg");
        }
    }

    public void Dispose() => images.Dispose();

    private string ImagePath(long id)
    {
        string[] candidates = [Path.Combine(imageFolder, "VG_100K", $"{id}.jpg"), Path.Combine(imageFolder, "VG_100K_2", $"{id}.jpg"), Path.Combine(imageFolder, $"{id}.jpg")];
        return candidates.FirstOrDefault(File.Exists) ?? candidates[^1];
    }

    // Every question has one "qa_id"; counting them is all that opening takes.
    private static int Questions(ReadOnlySpan<byte> json) => json.Count("\"qa_id\""u8);
}

/// <summary>Several sources one after the other.</summary>
internal sealed class ConcatenatedVqaSource(IVqaSource[] parts) : IVqaSource
{
    public int Count { get; } = parts.Sum(p => p.Count);

    public VqaExample this[int index]
    {
        get
        {
            var left = index;
            foreach (var part in parts)
            {
                if (left < part.Count)
                {
                    return part[left];
                }

                left -= part.Count;
            }

            throw new ArgumentOutOfRangeException(nameof(index), index, $"there are {Count} questions");
        }
    }

    public void Dispose() => Array.ForEach(parts, p => p.Dispose());
}

/// <summary>The answers among which a model chooses when it ranks (BLIP's answer_list.json: an array of texts).</summary>
public static class AnswerList
{
    /// <summary>Reads the list.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no array of texts, or empty.</exception>
    public static IReadOnlyList<string> Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"no answer list at '{path}'", path);
        }

        string?[]? answers;
        try
        {
            answers = JsonSerializer.Deserialize<string?[]>(File.ReadAllBytes(path));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: not an array of texts ({e.Message})", e);
        }

        return answers is { Length: > 0 } && !answers.Contains(null)
            ? [.. answers.OfType<string>()]
            : throw new InvalidDataException($"{path}: no answers, or some are null");
    }
}
