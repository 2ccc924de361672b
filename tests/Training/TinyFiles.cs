using Madtp.Kit.Data.Images;
using Madtp.Kit.Data.Toy;
using Madtp.Kit.Data;
using Madtp.Kit.Metrics;
using Madtp.Kit.Models;
using Madtp.Kit.Tasks;
using Madtp.Kit.Text;
using Madtp.Kit.Training;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Training;

/// <summary>Models that train in a second, on the toy world's files, or on the very same pixels in memory.</summary>
internal static class TinyFiles
{
    private const int Questions = 12;

    private static readonly AlignmentConfig Alignment = new(Tokens: 4, Width: 8, AlignmentMapping.PerLayer);
    private static readonly ContrastiveConfig Copies = new() { QueueSize = 32, Momentum = 0.9 };

    private static readonly BlipConfig Blip = BlipConfig.ToyRetrieval with
    {
        Vision = BlipConfig.ToyRetrieval.Vision with { Width = 16, Depth = 2, Heads = 2 },
        Text = BlipConfig.ToyRetrieval.Text with { Width = 16, Layers = 2, Heads = 2, FeedForwardWidth = 32, EncoderWidth = 16, FirstMergeLayer = 1 },
        EmbedWidth = 8,
        DecodeId = ToyTokens.Tokenizer.DecoderId!.Value,
        Alignment = Alignment,
        Contrastive = Copies,
    };

    private static readonly ClipConfig Clip = ClipConfig.Toy with
    {
        Vision = ClipConfig.Toy.Vision with { Width = 16, Depth = 2, Heads = 2 },
        Text = ClipConfig.Toy.Text with { Width = 16, Layers = 2, Heads = 2 },
        EmbedWidth = 8,
        Alignment = Alignment,
        Contrastive = Copies,
    };

    public static TrainingSettings Settings { get; } = new() { Epochs = 2, BatchSize = 4, WarmupSteps = 0, LearningRate = 3e-3, LogEvery = 1, CheckpointEvery = 1, Seed = 4 };

    public static IReadOnlyList<string> Tasks { get; } = ["clip", "retrieval", "caption", "vqa"];

    public static TrainingImageSettings Plain { get; } = new(ToyScene.Size) { Transform = (image, _) => image, Workers = 2, Seed = 9 };

    public static TrainingImageSettings Augmented { get; } = Plain with { Transform = null };

    /// <summary>A task on the toy world's files in a folder.</summary>
    public static TrainingTask Streamed(string task, string data, TrainingImageSettings images, double? share = null) =>
        Task(task, split => CaptionsOf(task, data, split, images), () => QuestionsOf(data, images), share);

    /// <summary>The same task on the same pixels in memory.</summary>
    public static TrainingTask InMemory(string task, string data) =>
        Task(task, split => InMemory(task, data, split), () => QuestionsInMemory(data), null);

    public static CaptionedImages CaptionsOf(string task, string data, string split, TrainingImageSettings images) =>
        new(split == "train" ? CaptionImages.LoadRows(Annotations(data, split), Path.Combine(data, "coco")) : CaptionImages.Load(Annotations(data, split), Path.Combine(data, "coco")).ToRows(), new TextEncoding(Encoder(task)), images);

    public static QuestionedImages QuestionsOf(string data, TrainingImageSettings images) => new(Dataset(data), new TextEncoding(ToyTokens.Texts.Question), new TextEncoding(ToyTokens.Texts.Answer), images, Questions);

    /// <summary>The very pixels of the files: drawn ones differ a little from what a JPEG keeps.</summary>
    public static CaptionedImages InMemory(string task, string data, string split)
    {
        var images = CaptionImages.Load(Annotations(data, split), Path.Combine(data, "coco"));
        return new CaptionedImages([.. images.SelectMany(image => RgbImage.Load(image.ImagePath).Pixels)], ToyScene.Size, [.. images.Select(image => (IReadOnlyList<int[]>)[.. image.Captions.Select(Encoder(task))])]);
    }

    public static QuestionedImages QuestionsInMemory(string data)
    {
        using var dataset = Dataset(data);
        VqaExample[] questions = [.. dataset.Take(Questions)];
        var truth = VqaAccuracy.ReadQuestions(VqaFile(data, "v2_mscoco_{0}_annotations.json"));
        return new QuestionedImages(
            [.. questions.SelectMany(question => RgbImage.Load(question.ImagePath).Pixels)],
            ToyScene.Size,
            [.. questions.Select(question => (IReadOnlyList<int[]>)[ToyTokens.Texts.Question(question.Question)])],
            [.. questions.Select(question => (IReadOnlyList<(int[], float)>)[.. question.Answers.Select(answer => (ToyTokens.Texts.Answer(answer.Text), answer.Weight))])],
            [.. questions.Select(question => truth.Single(one => one.QuestionId == question.QuestionId))]);
    }

    /// <summary>Every weight of a task.</summary>
    public static Dictionary<string, float[]> Weights(TrainingTask task) => task.Parameters().ToDictionary(p => p.Name, p => p.Parameter.detach().data<float>().ToArray());

    private static TrainingTask Task(string task, Func<string, CaptionedImages> captions, Func<QuestionedImages> questions, double? share)
    {
        var settings = new TaskSettings { Learns = true, ReduceRatio = 1 - share, CalibrationExamples = 8 };
        manual_seed(6);
        return task switch
        {
            "clip" => new RetrievalTask(new ClipModel(Clip), settings, captions),
            "retrieval" => new RetrievalTask(new BlipRetrieval(Blip), settings, captions),
            "caption" => new CaptionTask(new BlipCaptioner(Blip), CaptionLanguage.Toy, settings, captions),
            _ => new VqaTask(new BlipVqa(Blip), AnswerVocabulary.Of(["yes", "no", "red", "2"], ToyTokens.Texts.Answer, 4), settings, _ => questions()),
        };
    }

    private static Func<string, int[]> Encoder(string task) => task switch
    {
        "clip" => caption => ToyTokens.ClipCaption(ToyTokens.Tokenizer, caption),
        "caption" => ToyTokens.Texts.WrittenCaption,
        _ => caption => ToyTokens.Tokenizer.EncodeWithSpecials(BlipText.PreCaption(caption, 30)),
    };

    private static string Annotations(string data, string split) => Path.Combine(data, "coco", $"coco_karpathy_{split}.json");

    private static FileList<VqaExample> Dataset(string data) =>
        VqaDataset.OpenOfficial(VqaFile(data, "v2_OpenEnded_mscoco_{0}_questions.json"), VqaFile(data, "v2_mscoco_{0}_annotations.json"), Path.Combine(data, "coco"));

    private static string VqaFile(string data, string name) => Path.Combine(data, "vqa", string.Format(System.Globalization.CultureInfo.InvariantCulture, name, "train2014"));
}
