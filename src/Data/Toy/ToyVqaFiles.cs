using System.Text.Json;

namespace Madtp.Kit.Data.Toy;

/// <summary>Writes questions and answers in VQA v2's official form: training about train2014, and about val2014 the rest.</summary>
internal static class ToyVqaFiles
{
    public const string AnswerListName = "answer_list.json";
    private const int QuestionsPerImage = 1000; // VQA v2 numbers an image's questions from image number × 1000

    private static readonly object License = new { url = "http://creativecommons.org/publicdomain/zero/1.0/", name = "CC0 1.0" };

    public static void Write(string folder, (ToyPicture Picture, string Name)[] train, (ToyPicture Picture, string Name)[] val, (ToyPicture Picture, string Name)[] test)
    {
        WriteSubset(folder, "train2014", train);
        WriteSubset(folder, "val2014", [.. val, .. test]);
        var answers = train.SelectMany(p => p.Picture.Questions).GroupBy(q => q.Question.Answer).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal);
        AtomicFile.Write(Path.Combine(folder, AnswerListName), stream => JsonSerializer.Serialize(stream, answers.Select(g => g.Key)));
    }

    private static void WriteSubset(string folder, string subset, (ToyPicture Picture, string Name)[] pictures)
    {
        var all = pictures.SelectMany(p => p.Picture.Questions.Select((q, n) => (Image: p.Picture.Id, Id: ((long)p.Picture.Id * QuestionsPerImage) + n, q.Question, q.Answers))).ToArray();
        Write(Path.Combine(folder, $"v2_OpenEnded_mscoco_{subset}_questions.json"), new
        {
            info = Info(),
            task_type = "Open-Ended",
            data_type = "mscoco",
            license = License,
            data_subtype = subset,
            questions = all.Select(q => new { image_id = q.Image, question = q.Question.Text, question_id = q.Id }),
        });
        Write(Path.Combine(folder, $"v2_mscoco_{subset}_annotations.json"), new
        {
            info = Info(),
            data_type = "mscoco",
            license = License,
            data_subtype = subset,
            annotations = all.Select(q => new
            {
                question_type = q.Question.QuestionType,
                multiple_choice_answer = q.Question.Answer,
                answers = q.Answers.Select((answer, n) => new { answer, answer_confidence = answer == q.Question.Answer ? "yes" : "maybe", answer_id = n + 1 }),
                image_id = q.Image,
                answer_type = q.Question.AnswerType,
                question_id = q.Id,
            }),
        });
    }

    private static object Info() => new { description = "Questions about the toy world, in the form of VQA v2.", version = "2.0" };

    private static void Write<T>(string path, T value) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, value));
}
