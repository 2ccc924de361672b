using Madtp.Kit.Checkpoints;
using Madtp.Kit.Cost;
using Madtp.Kit.Data;
using Madtp.Kit.Madtp;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models.Contrastive;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>What CLIP and BLIP retrieval have in common: images with several captions each, encoded apart and compared.</summary>
internal abstract class PairEvaluation : EvaluationTask<CaptionedImage, PairAnswer>
{
    protected PairEvaluation(EvaluationSettings settings) : base(settings)
    {
        if (settings.Dataset is not ("coco" or "flickr30k"))
        {
            throw new ArgumentException($"no captions of '{settings.Dataset}'; there are coco, flickr30k", nameof(settings));
        }

        Annotations = Files.Require(settings.Dataset, Names(Split));
        Examples = First(Load(Annotations, Split));
        ImageOfCaption = [.. Examples.SelectMany((image, number) => Enumerable.Repeat(number, image.Captions.Count))];
    }

    protected override string CostOf => "a caption with its image";

    protected override string Split => Settings.Split ?? "test";

    protected override IReadOnlyList<CaptionedImage> Examples { get; }

    protected override string SubmissionName => "scores.safetensors";

    /// <summary>The file of images and captions.</summary>
    protected string Annotations { get; }

    /// <summary>Each caption's image.</summary>
    protected IReadOnlyList<int> ImageOfCaption { get; }

    /// <summary>What pairs cost.</summary>
    protected abstract IPairCosts Costs { get; }

    /// <summary>Captions as the model takes them.</summary>
    protected abstract TextTensors Texts(IEnumerable<string> captions, TokenReduction? reduction);

    /// <summary>Encodes images <c>[B, 3, H, W]</c> and captions; where a trace is kept, everything else that answering takes is done too.</summary>
    protected abstract PairFeatures Encode(Tensor images, TextTensors texts, int[] imageOfText, bool isTraced);

    protected override IReadOnlyList<string> ImagePaths(CaptionedImage example) => [example.ImagePath];

    protected override IReadOnlyList<CaptionedImage>? CalibrationExamples() =>
        Files.Find(Settings.Dataset, Names("train")) is { } path ? Load(path, "train") : null;

    protected override void Identify(RunIdentity identity) => identity.Add("data set", Settings.Dataset);

    protected override IReadOnlyList<PairAnswer> Answer(ImageBatch<CaptionedImage> batch, TokenReduction? reduction)
    {
        using var trace = reduction?.Record();
        var texts = Texts(batch.Examples.SelectMany(example => example.Captions), reduction);
        int[] imageOf = [.. batch.Examples.SelectMany((example, image) => Enumerable.Repeat(image, example.Captions.Count))];
        var features = Encode(batch.ToTensor(Settings.Device), texts, imageOf, trace is not null);
        long[] dense = [.. texts.Lengths.Select(Costs.Dense)];
        var macs = trace is null ? [.. texts.Lengths.Select(Costs.Whole)] : Costs.PerPair(trace, texts.Lengths, imageOf);
        var (images, captions) = (Rows(features.Images), new Queue<byte[]>(Rows(features.Texts)));
        var (cost, plain) = (new Queue<long>(macs), new Queue<long>(dense));
        return [.. batch.Examples.Select((example, i) => new PairAnswer(
            images[i],
            [.. example.Captions.Select(_ => captions.Dequeue())],
            features.ImageTokens[i],
            example.Captions.Average(_ => (double)cost.Dequeue()),
            example.Captions.Average(_ => (double)plain.Dequeue())))];
    }

    protected override void WriteSubmission(string path, IReadOnlyList<PairAnswer> answers)
    {
        var scores = Rank(answers);
        SafetensorsWriter.Write(path, new Dictionary<string, Tensor> { ["scores_i2t"] = scores.ImageToText, ["scores_t2i"] = scores.TextToImage });
        Recall = RetrievalRecall.Compute(Matrix(scores.ImageToText), Matrix(scores.TextToImage), ImageOfCaption);
    }

    protected override IReadOnlyList<KeyValuePair<string, double>> Score(IReadOnlyList<PairAnswer> answers, string submission) =>
    [
        new("captions for images, R@1", Recall!.TextAt1),
        new("captions for images, R@5", Recall.TextAt5),
        new("captions for images, R@10", Recall.TextAt10),
        new("images for captions, R@1", Recall.ImageAt1),
        new("images for captions, R@5", Recall.ImageAt5),
        new("images for captions, R@10", Recall.ImageAt10),
        new("mean", Recall.Mean),
    ];

    /// <summary>Ranks all images and captions against each other.</summary>
    protected abstract RetrievalScores Rank(IReadOnlyList<PairAnswer> answers);

    /// <summary>Similarity of all images with all captions, <c>[I, T]</c>.</summary>
    protected static Tensor Similarity(IReadOnlyList<PairAnswer> answers)
    {
        using var scope = NewDisposeScope();
        var images = PairAnswer.Features([.. answers.Select(answer => answer.Image)]);
        var captions = PairAnswer.Features([.. answers.SelectMany(answer => answer.Captions)]);
        return images.MatMul(captions.t()).MoveToOuterDisposeScope();
    }

    private RecallScores? Recall { get; set; }

    private string[] Names(string split) => [Settings.Dataset == "coco" ? $"coco_karpathy_{split}.json" : $"flickr30k_{split}.json", $"dataset_{Settings.Dataset}.json"];

    /// <summary>Reads splits of BLIP's files or of Karpathy's original one; images lie beside the file.</summary>
    internal static IReadOnlyList<CaptionedImage> Load(string path, params IReadOnlyList<string> splits)
    {
        // Karpathy's original file holds all splits, and names Flickr30k's images without their folder.
        var isOriginal = Path.GetFileName(path).StartsWith("dataset_", StringComparison.Ordinal);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var images = Path.Combine(folder, "flickr30k-images");
        return CaptionImages.Load(path, isOriginal && Directory.Exists(images) ? images : folder, isOriginal ? splits : []);
    }

    private static byte[][] Rows(Tensor features)
    {
        using var host = features.to(float32).cpu().contiguous();
        var width = (int)host.shape[1];
        var all = host.data<float>().ToArray();
        return [.. Enumerable.Range(0, (int)host.shape[0]).Select(row => PairAnswer.Bytes(all.AsSpan(row * width, width)))];
    }

    private static ScoreMatrix Matrix(Tensor scores) => new((int)scores.shape[0], (int)scores.shape[1], scores.data<float>().ToArray());
}
