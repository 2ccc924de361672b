using Madtp.Kit.Data.Json;

namespace Madtp.Kit.Data.Vqa;

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
