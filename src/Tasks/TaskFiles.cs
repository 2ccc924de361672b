using Madtp.Kit.Data;

namespace Madtp.Kit.Tasks;

/// <summary>Finds the files of a task below the folder of all data sets, or in that of the one data set itself.</summary>
/// <param name="root">The folder that was given.</param>
internal sealed class TaskFiles(string root)
{
    // Vocabularies lie in a folder of their own; the toy world's lies beside its data sets.
    private static readonly string[] VocabularyFolders = ["", "vocab", "..", Path.Combine("..", "vocab")];

    /// <summary>The first of several files of a data set that is there.</summary>
    /// <param name="dataset">The data set's folder.</param>
    /// <param name="names">What the file may be called, as far as known; the likeliest first.</param>
    /// <exception cref="FileNotFoundException">None is there.</exception>
    public string Require(string dataset, params string[] names) => Find(dataset, names)
        ?? throw new FileNotFoundException($"neither '{Path.Combine(root, dataset)}' nor '{root}' holds {string.Join(" or ", names)}; './kit data status {dataset}' tells where to get it, './kit data make-toy' draws a toy one", Path.Combine(root, dataset, names[0]));

    /// <summary>The same; null where none is there.</summary>
    public string? Find(string dataset, params string[] names) =>
        names.SelectMany(name => new[] { Path.Combine(root, dataset, name), Path.Combine(root, name) }).FirstOrDefault(File.Exists);

    /// <summary>The folder of another data set, whose images are asked about: below the root, beside it, or else the root itself.</summary>
    public string Folder(string dataset) => new[] { Path.Combine(root, dataset), Path.GetFullPath(Path.Combine(root, "..", dataset)) }.FirstOrDefault(Directory.Exists, root);

    /// <summary>A vocabulary.</summary>
    /// <param name="given">What the user named; looked for if null.</param>
    /// <param name="names">What it may be called.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public string Vocabulary(string? given, params string[] names)
    {
        if (given is not null)
        {
            return File.Exists(given) ? given : throw new FileNotFoundException($"no vocabulary at '{given}'", given);
        }

        return FindVocabulary(names)
            ?? throw new FileNotFoundException($"no {string.Join(" or ", names)} in '{root}', '{Path.Combine(root, "vocab")}' or beside them; './kit data get vocab' fetches them, or name the file", names[0]);
    }

    /// <summary>A vocabulary in one of the usual places; null where there is none.</summary>
    /// <param name="names">What it may be called.</param>
    public string? FindVocabulary(params string[] names) =>
        names.SelectMany(name => VocabularyFolders.Select(folder => Path.GetFullPath(Path.Combine(root, folder, name)))).FirstOrDefault(File.Exists);
}

/// <summary>Karpathy's splits of COCO and Flickr30k: in BLIP's files, or in his original one.</summary>
internal sealed class CaptionFileNames
{
    private readonly string dataset;

    /// <summary>Looks below the folder that the settings name.</summary>
    /// <exception cref="ArgumentException">They name no data set of captions.</exception>
    public CaptionFileNames(TaskSettings settings)
    {
        (dataset, Files) = (settings.Dataset, new TaskFiles(settings.Data!));
        Of(dataset, "train");
        if (settings.Learns)
        {
            _ = Paths(["train", "val"]).ToArray();
        }
    }

    /// <summary>Where files are found.</summary>
    public TaskFiles Files { get; }

    /// <summary>What a split's file is called, BLIP's name first.</summary>
    /// <exception cref="ArgumentException">There is no such data set of captions.</exception>
    public static string[] Of(string dataset, string split) => dataset switch
    {
        "coco" => [$"coco_karpathy_{split}.json", "dataset_coco.json"],
        "flickr30k" => [$"flickr30k_{split}.json", "dataset_flickr30k.json"],
        _ => throw new ArgumentException($"no captions of '{dataset}'; there are coco, flickr30k"),
    };

    /// <summary>The files of some splits.</summary>
    /// <exception cref="FileNotFoundException">One is missing; the message says where it belongs.</exception>
    public IEnumerable<string> Paths(IEnumerable<string> splits) => splits.Select(split => Files.Require(dataset, Of(dataset, split))).Distinct();

    /// <summary>COCO's file of references for a split; null where there is none.</summary>
    public string? Truth(string split) => Files.Find("coco", $"coco_karpathy_{split}_gt.json");

    /// <summary>Opens a split: of the training split the first captions, of the validation split the first images while training.</summary>
    public CaptionedImages Open(string split, TaskSettings settings, TextEncoding text, int imageSize)
    {
        var path = Files.Require(dataset, Of(dataset, split));
        var images = TaskModel.Images(settings, imageSize);
        if (split == "train")
        {
            // BLIP's rows stay in their file; Karpathy's training split is "train" and "restval".
            return new CaptionedImages(
                JsonList.IsArray(path) ? CaptionRows.Open(path, Path.GetDirectoryName(Path.GetFullPath(path))!) : Load(path, "train", "restval").ToRows(), text, images, settings.Opened);
        }

        var first = split == "val" && settings.Learns ? settings.WatchedExamples : int.MaxValue;
        return new CaptionedImages([.. Load(path, split).ToRows().TakeWhile(row => row.ImageNumber < first)], text, images);
    }

    /// <summary>Reads splits; Karpathy's original file holds all of them, and names Flickr30k's images without their folder.</summary>
    public static IReadOnlyList<CaptionedImage> Load(string path, params IReadOnlyList<string> splits)
    {
        var isOriginal = Path.GetFileName(path).StartsWith("dataset_", StringComparison.Ordinal);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var images = Path.Combine(folder, "flickr30k-images");
        return CaptionImages.Load(path, isOriginal && Directory.Exists(images) ? images : folder, isOriginal ? splits : []);
    }
}

/// <summary>VQA v2's questions with their answers: its makers' pair of files, or BLIP's one.</summary>
internal sealed class VqaFileNames
{
    private readonly TaskSettings settings;

    /// <summary>Looks below the folder that the settings name.</summary>
    public VqaFileNames(TaskSettings settings)
    {
        (this.settings, Files) = (settings, new TaskFiles(settings.Data!));
        if (settings.Learns)
        {
            _ = Paths(["train", "val"]).ToArray();
        }
    }

    /// <summary>Where files are found.</summary>
    public TaskFiles Files { get; }

    /// <summary>The answers that are chosen among.</summary>
    public string Answers => Files.Require("vqa", "answer_list.json");

    private string? Genome => settings.VisualGenome ? Files.Require("vqa", "vg_qa.json") : null;

    /// <summary>The files of some splits, that of the answers and Visual Genome's where it is learned from.</summary>
    /// <exception cref="FileNotFoundException">One is missing; the message says where it belongs.</exception>
    public IEnumerable<string> Paths(IEnumerable<string> splits) =>
        [.. splits.SelectMany(split => Pair(split) is var (questions, given) && given is not null ? [questions, given] : new[] { questions }), .. Genome is { } genome ? [genome] : Array.Empty<string>(), Answers];

    /// <summary>Opens a split: of the training split the first questions, of the validation split the first while training.</summary>
    public QuestionedImages Open(string split, TaskSettings settings, BlipTexts texts, int imageSize)
    {
        var first = split == "train" ? settings.Opened : split == "val" && settings.Learns ? settings.WatchedExamples : (int?)null;
        return new QuestionedImages(
            split == "train" ? Learned() : Dataset(split),
            new TextEncoding(texts.Question, texts.Tokenizer.PaddingId),
            new TextEncoding(texts.Answer, texts.Tokenizer.PaddingId),
            TaskModel.Images(settings, imageSize),
            first);
    }

    private VqaDataset Learned()
    {
        VqaDataset[] parts =
        [
            Dataset("train"),
            .. settings.TrainOnValidation ? [Dataset("val")] : Array.Empty<VqaDataset>(),
            .. Genome is { } genome ? [VqaDataset.OpenBlip(genome, Files.Folder("coco"), Files.Folder("visual-genome"))] : Array.Empty<VqaDataset>(),
        ];
        return parts.Length == 1 ? parts[0] : VqaDataset.Concatenate(parts);
    }

    private VqaDataset Dataset(string split)
    {
        var (questions, given) = Pair(split);
        return Path.GetFileName(questions).StartsWith("v2_", StringComparison.Ordinal)
            ? VqaDataset.OpenOfficial(questions, given, Files.Folder("coco"))
            : VqaDataset.OpenBlip(questions, Files.Folder("coco"), Files.Folder("visual-genome"));
    }

    // "train" and "val" are train2014 and val2014. The answers of test splits are not public.
    private (string Questions, string? Answers) Pair(string split)
    {
        var official = split is "train" or "val" ? $"{split}2014" : split;
        var questions = Files.Require("vqa", $"v2_OpenEnded_mscoco_{official}_questions.json", $"vqa_{split}.json", $"vqa_{split.Replace("2014", string.Empty, StringComparison.Ordinal)}.json");
        var answers = $"v2_mscoco_{official}_annotations.json";
        return !Path.GetFileName(questions).StartsWith("v2_", StringComparison.Ordinal) ? (questions, null)
            : settings.Learns && split is "train" or "val" ? (questions, Files.Require("vqa", answers)) : (questions, Files.Find("vqa", answers));
    }
}
