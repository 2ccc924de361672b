using Madtp.Kit.Evaluations;
using Madtp.Kit.FineTuning;
using Madtp.Kit.Tasks;

namespace Madtp.Kit.Experiments;

/// <summary>What the paper fine-tunes in Tables 5 to 7: a task, its data set and the published checkpoint.</summary>
/// <param name="Task">What <see cref="FineTuner"/> calls the task.</param>
/// <param name="Dataset">Which data set.</param>
/// <param name="Family">The checkpoint's folder.</param>
/// <param name="Weights">The checkpoint.</param>
/// <param name="TrainExamples">Captions or questions of the training split.</param>
internal sealed record FineTunedSubject(string Task, string Dataset, string Family, string Weights, int TrainExamples)
{
    private const int Percent = 100;

    private static readonly string[] Vocabularies = ["bert-base-uncased-vocab.txt", "vocab.txt"];
    private static readonly string[] Merges = ["bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt", "vocab.txt"];

    // What kit evaluate calls recalls, and what experiments do at either scale.
    private static readonly (string Reported, string Known)[] Recalls =
    [
        ("captions for images, R@1", "text at 1"),
        ("captions for images, R@5", "text at 5"),
        ("captions for images, R@10", "text at 10"),
        ("images for captions, R@1", "image at 1"),
        ("images for captions, R@5", "image at 5"),
        ("images for captions, R@10", "image at 10"),
    ];

    /// <summary>All of them. COCO's and Flickr30k's captions are those of Karpathy's training splits, VQA's questions those about train2014.</summary>
    public static IReadOnlyList<FineTunedSubject> All { get; } =
    [
        new("clip", "coco", "clip", "ViT-L-14-336px.pt", 566_747),
        new("clip", "flickr30k", "clip", "ViT-L-14-336px.pt", 145_000),
        new("retrieval", "coco", "blip", "model_base_retrieval_coco.pth", 566_747),
        new("retrieval", "flickr30k", "blip", "model_base_retrieval_flickr.pth", 145_000),
        new("caption", "coco", "blip", "model_base_caption_capfilt_large.pth", 566_747),
        new("vqa", "coco", "blip", "model_base_vqa_capfilt_large.pth", 443_757),
    ];

    /// <summary>Whether the losses compare a batch's examples, so that it cannot be worked through in parts.</summary>
    public bool ComparesExamples => Task is "clip" or "retrieval";

    /// <summary>The training split's annotations.</summary>
    public string Train(RequiredFiles files) => Split(files, "train");

    /// <summary>The annotations of the split that is scored.</summary>
    public string Test(RequiredFiles files) => Split(files, Task == "vqa" ? "val" : "test");

    /// <summary>Asks for everything but the checkpoint.</summary>
    public void Require(RequiredFiles files)
    {
        files.Vocabulary(Task == "clip" ? Merges : Vocabularies);
        Train(files);
        if (Task == "vqa")
        {
            Test(files);
            Answers(files);
            return;
        }

        Split(files, "val");
        var test = Test(files);
        if (File.Exists(test))
        {
            files.Images(Dataset == "coco" ? "coco-images" : Dataset, PairEvaluation.Load(test, "test")[0].ImagePath);
        }
    }

    /// <summary>The scores of the test split by the names that the toy world's have, as shares.</summary>
    public Evaluation Scored(KeyValuePair<string, EvaluationReport> split)
    {
        var (name, report) = split;
        var scores = report.Scores.ToDictionary(score => score.Key.Trim(), score => score.Value);
        return new Evaluation(name, report.Examples, Main(scores), report.Macs, report.DenseMacs) { ByKind = Named(scores), Temperature = report.Temperature };
    }

    private double Main(Dictionary<string, double> scores) => Task switch
    {
        "caption" => scores["CIDEr-D"],
        "vqa" => scores["accuracy"] / Percent,
        _ => (scores[Recalls[0].Reported] + scores[Recalls[3].Reported]) / (2 * Percent),
    };

    private Dictionary<string, double> Named(Dictionary<string, double> scores) => Task switch
    {
        "caption" => new() { ["CIDEr"] = scores["CIDEr-D"], ["BLEU-4"] = scores["BLEU-4"], ["ROUGE-L"] = scores["ROUGE-L"] },
        "vqa" => scores.Where(score => score.Key != "accuracy").ToDictionary(score => $"answer: {score.Key}", score => score.Value / Percent),
        _ => Recalls.ToDictionary(recall => recall.Known, recall => scores[recall.Reported] / Percent),
    };

    private string Split(RequiredFiles files, string split) => Task == "vqa"
        ? files.Annotations("vqa", $"v2_OpenEnded_mscoco_{split}2014_questions.json", $"vqa_{split}.json")
        : files.Annotations(Dataset, Dataset == "coco" ? $"coco_karpathy_{split}.json" : $"flickr30k_{split}.json", $"dataset_{Dataset}.json");

    // The official questions come with their answers in a file of their own; BLIP's hold them.
    private void Answers(RequiredFiles files)
    {
        files.Annotations("vqa", "answer_list.json");
        foreach (var split in new[] { "train", "val" }.Where(split => Path.GetFileName(Split(files, split)).StartsWith("v2_", StringComparison.Ordinal)))
        {
            files.Annotations("vqa", $"v2_mscoco_{split}2014_annotations.json");
        }
    }
}
