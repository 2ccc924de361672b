using Madtp.Kit.Checkpoints;
using Madtp.Kit.Metrics;
using static TorchSharp.torch;

namespace Madtp.Kit.Cli.Verbs;

/// <summary><c>kit score TASK</c>: the field's metrics on the field's files; in JSON by the official programs' names.</summary>
internal static class ScoreVerb
{
    public static Command Create() => new Verb(
        "score", "Score predictions as the field does, from the field's own files: caption, vqa, nlvr2 or retrieval.",
        "./kit score nlvr2 --predictions predictions.csv --annotations dev.json")
    {
        CreateCaption(), CreateVqa(), CreateNlvr2(), CreateRetrieval(),
    };

    private static Verb CreateCaption()
    {
        var verb = new Verb(
            "caption",
            "BLEU-1 to 4, ROUGE-L and CIDEr-D after PTB tokenization, as COCO does; METEOR and SPICE by their official programs.",
            "./kit score caption --results captions.json --annotations captions_val2014.json");
        var results = Required(verb, "--results", "Generated captions: [{\"image_id\": …, \"caption\": …}, …].");
        var annotations = Required(
            verb, "--annotations", "COCO captions: {\"images\": […], \"annotations\": [{\"image_id\": …, \"caption\": …}, …]}.");
        var subset = verb.Option<bool>("--subset", "Leave images without a generated caption out, instead of refusing.");
        var meteor = Jar(verb, "--meteor", "METEOR's official meteor-1.5.jar", "KIT_METEOR_JAR");
        var spice = Jar(verb, "--spice", "SPICE's official spice-1.0.jar", "KIT_SPICE_JAR");
        var perImage = verb.Option<bool>("--per-image", "With --json: every image's scores too.");
        return Scored(verb, "F4", parsed =>
        {
            var captions = CaptionSet.Read(
                parsed.GetRequiredValue(results), parsed.GetRequiredValue(annotations), parsed.GetValue(subset));
            var scores = CaptionMetrics.Compute(captions, parsed.GetValue(meteor), parsed.GetValue(spice));
            return ($"{scores.Images.Count} captions (METEOR and SPICE: --meteor JAR, --spice JAR)", Named(scores),
            [
                new("images", scores.Images.Count),
                .. Each("per_image", parsed.GetValue(perImage), scores.Images, image =>
                    new Dictionary<string, object?>([new("image_id", image.ImageId), .. Values(Named(image.Scores))])),
            ]);
        });

        static Score[] Named(CaptionScores of) =>
        [
            .. of.Bleu.Select((value, n) => new Score($"Bleu_{n + 1}", $"BLEU-{n + 1}", value)),
            new("METEOR", "METEOR", of.Meteor), new("ROUGE_L", "ROUGE-L", of.RougeL),
            new("CIDEr", "CIDEr-D", of.Cider),
            new("SPICE", "SPICE", of.Spice is { } value && double.IsFinite(value) ? value : null),
        ];
    }

    private static Verb CreateVqa()
    {
        var verb = new Verb(
            "vqa", "VQA accuracy in percent, overall and by question and answer type.",
            "./kit score vqa --results answers.json --annotations v2_mscoco_val2014_annotations.json");
        var results = Required(verb, "--results", "Predicted answers: [{\"question_id\": …, \"answer\": …}, …].");
        var annotations = Required(verb, "--annotations", "The official annotations, v2_mscoco_*_annotations.json.");
        var questions = verb.Option<string?>(
            "--questions", "The official questions, which must then be those of the annotations.", "FILE");
        var version = verb.Option(
            "--version", "Which evaluation: current, or 2016 (which LAVIS still carries).", null, () => "current");
        version.AcceptOnlyFromAmong("current", "2016");
        var perQuestion = verb.Option<bool>("--per-question", "With --json: every question's accuracy too.");
        return Scored(verb, "F2", parsed =>
        {
            var scores = VqaAccuracy.ComputeFiles(
                parsed.GetRequiredValue(results), parsed.GetRequiredValue(annotations), parsed.GetValue(questions),
                parsed.GetValue(version) == "2016" ? VqaVersion.From2016 : VqaVersion.Current);
            var questionTypes = scores.PerQuestionType.OrderBy(one => one.Key, StringComparer.Ordinal);
            var types = scores.PerAnswerType.Concat(questionTypes);
            return (
                $"{scores.PerQuestion.Count} questions",
                [
                    new("overall", "overall", scores.Overall),
                    .. types.Select(type => new Score(null, $"  {type.Key}", type.Value)),
                ],
                [
                    new("perQuestionType", questionTypes.ToDictionary()),
                    new("perAnswerType", scores.PerAnswerType.ToDictionary()),
                    .. Each("perQuestion", parsed.GetValue(perQuestion), scores.PerQuestion, pair =>
                        new { question_id = pair.Key, accuracy = pair.Value }),
                ]);
        });
    }

    private static Verb CreateNlvr2()
    {
        var verb = new Verb(
            "nlvr2", "Accuracy, and consistency: the part of sentences with all their pairs right.",
            "./kit score nlvr2 --predictions predictions.csv --annotations dev.json");
        var predictions = Required(verb, "--predictions", "Lines identifier,label, such as dev-850-0-0,True.");
        var annotations = Required(verb, "--annotations", "NLVR2's JSON lines (dev.json, test1.json) with identifier and label.");
        return Scored(verb, "F4", parsed =>
        {
            var scores = Nlvr2Metrics.ComputeFiles(parsed.GetRequiredValue(predictions), parsed.GetRequiredValue(annotations));
            return (
                $"{scores.Examples} examples of {scores.Sentences} sentences",
                [new("accuracy", "accuracy", scores.Accuracy), new("consistency", "consistency", scores.Consistency)],
                [new("n", scores.Examples), new("sentences", scores.Sentences)]);
        });
    }

    private static Verb CreateRetrieval()
    {
        var verb = new Verb(
            "retrieval", "Recall at 1, 5 and 10 in percent, captions for images and images for captions.",
            "./kit score retrieval --scores scores.safetensors --annotations coco_karpathy_test.json");
        var scores = Required(
            verb, "--scores",
            "Similarities, image by caption: .npy; .json with rows of numbers; or .safetensors. The last two name them "
            + "\"scores\", or \"scores_i2t\" and \"scores_t2i\" after re-ranking.");
        var annotations = Required(
            verb, "--annotations",
            "Images and captions in the scores' order: [{\"image\": …, \"caption\": […]}, …], or Karpathy's dataset_*.json.");
        return Scored(verb, "F2", parsed =>
        {
            using var scope = NewDisposeScope();
            var files = RetrievalFiles.Read(parsed.GetRequiredValue(scores), parsed.GetRequiredValue(annotations));
            var recall = files.Recall();
            return (
                $"{files.ImageToText.shape[0]} images, {files.ImageToText.shape[1]} captions",
                [
                    new("txt_r1", "captions for images, R@1", recall.TextAt1), new("txt_r5", "  R@5", recall.TextAt5),
                    new("txt_r10", "  R@10", recall.TextAt10), new("txt_r_mean", "  mean", recall.TextMean),
                    new("img_r1", "images for captions, R@1", recall.ImageAt1), new("img_r5", "  R@5", recall.ImageAt5),
                    new("img_r10", "  R@10", recall.ImageAt10), new("img_r_mean", "  mean", recall.ImageMean),
                    new("r_mean", "mean", recall.Mean),
                ],
                []);
        });
    }

    // The verb with how its table writes numbers, and what it computes.
    private static Verb Scored(
        Verb verb, string format,
        Func<ParseResult, (string Title, Score[] Scores, KeyValuePair<string, object?>[] Further)> compute)
    {
        var json = Terminal.JsonOption(verb);
        verb.SetAction(parsed =>
        {
            var (title, scores, further) = compute(parsed);
            if (parsed.GetValue(json))
            {
                Terminal.Print(new Dictionary<string, object?>([.. Values(scores), .. further]));
            }
            else
            {
                Terminal.Print(title, scores.Select(score =>
                    (score.Title, score.Value?.ToString(format, CultureInfo.InvariantCulture) ?? "absent")));
            }
        });
        return verb;
    }

    private static IEnumerable<KeyValuePair<string, object?>> Values(IEnumerable<Score> scores) => scores
        .Where(score => score.Key is not null).Select(score => KeyValuePair.Create(score.Key!, (object?)score.Value));

    // What is told of every image or question, where it is asked for.
    private static IEnumerable<KeyValuePair<string, object?>> Each<T>(
        string name, bool isWanted, IEnumerable<T> items, Func<T, object> tell) =>
        isWanted ? [new(name, items.Select(tell))] : [];

    private static Option<string> Required(Verb verb, string name, string description) =>
        verb.Option<string>(name, description, "FILE", required: true);

    private static Option<string?> Jar(Verb verb, string name, string what, string variable) => verb.Option(
        name, $"{what} (or set {variable}); needs Java.", "JAR",
        () => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path ? path : null);

    // Its name in JSON, or null where a map there has it; its name in the table; null is a score that was not asked for.
    private sealed record Score(string? Key, string Title, double? Value);
}
