using Madtp.Kit.Data;
using Madtp.Kit.Text;

namespace Madtp.Kit.Tasks;

/// <summary>Finds the files of a task below the folder of all data sets, or in that of the one data set itself.</summary>
/// <param name="missing">Takes note of what is missing, where it belongs and what <c>./kit data get</c> calls its source; without
/// a list the first is an error.</param>
internal sealed class TaskFiles(string root, ICollection<(string Path, string Source)>? missing = null)
{
    // Vocabularies lie in a folder of their own; the toy world's lies beside its data sets.
    private static readonly string[] VocabularyFolders = ["", "vocab", "..", Path.Combine("..", "vocab")];

    /// <summary>The first of several files of a data set that is there.</summary>
    /// <param name="names">What the file may be called, as far as known; the likeliest first.</param>
    /// <returns>Where it is, or belongs where what is missing is only taken note of.</returns>
    /// <exception cref="FileNotFoundException">None is there.</exception>
    public string Require(string dataset, params string[] names) => Find(dataset, names) ?? Missing(
        dataset, names, $"neither '{Path.Combine(root, dataset)}' nor '{root}' holds {string.Join(" or ", names.Distinct())}; "
            + $"'./kit data status {dataset}' tells where to get it, './kit data make-toy' draws a toy one");

    /// <summary>The same; null where none is there.</summary>
    public string? Find(string dataset, params string[] names) =>
        names.SelectMany(name => new[] { Path.Combine(root, dataset, name), Path.Combine(root, name) })
            .FirstOrDefault(File.Exists);

    /// <summary>The folder of another data set, whose images are asked about: below or beside the root, or the root.</summary>
    public string Folder(string dataset) =>
        new[] { Path.Combine(root, dataset), Path.GetFullPath(Path.Combine(root, "..", dataset)) }.FirstOrDefault(
            Directory.Exists, root);

    /// <summary>A vocabulary.</summary>
    /// <param name="given">What the user named; looked for if null.</param>
    /// <returns>Where it is, or belongs where what is missing is only taken note of.</returns>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public string Vocabulary(string? given, params string[] names)
    {
        if (given is not null)
            return File.Exists(given) ? given : throw new FileNotFoundException($"no vocabulary at '{given}'", given);

        var places =
            from name in names from folder in VocabularyFolders select Path.GetFullPath(Path.Combine(root, folder, name));
        return places.FirstOrDefault(File.Exists) ?? Missing(
            "vocab", names, $"no {string.Join(" or ", names)} in '{root}', '{Path.Combine(root, "vocab")}' or beside them; "
                + "'./kit data get vocab' fetches them, or name the file");
    }

    private string Missing(string source, string[] names, string message)
    {
        if (missing is null)
            throw new FileNotFoundException(message, Path.Combine(root, source, names[0]));

        var place = Path.Combine(root, source, string.Join(" or ", names.Distinct()));
        missing.Add((place, source));
        return place;
    }
}

/// <summary>The files of a task's splits.</summary>
internal abstract class SplitFiles(TaskFiles files, TaskSettings settings)
{
    public TaskFiles Files => files;

    protected TaskSettings Settings => settings;

    /// <summary>The files of a task of any name.</summary>
    public static SplitFiles Of(string task, TaskFiles files, TaskSettings settings) => task switch
    {
        "nlvr2" => new NlvrFiles(files, settings),
        "vqa" => new VqaFiles(files, settings),
        _ => new CaptionFiles(files, settings),
    };

    /// <summary>The files of some splits, that of a split's examples first.</summary>
    /// <exception cref="ArgumentException">There is no such data set.</exception>
    /// <exception cref="FileNotFoundException">One is missing; the message says where it belongs.</exception>
    public abstract IReadOnlyList<string> Paths(IEnumerable<string> splits);

    /// <summary>Insists that what is learned and watched is there; what is only scored is looked for when it is read.</summary>
    public void RequireLearned() => _ = settings.Learns ? Paths(["train", Watched]) : [];

    /// <summary>The split that is watched while training.</summary>
    protected virtual string Watched => "val";

    /// <summary>How many examples of a split are opened, where a training sets it; null opens all.</summary>
    protected int? First(string split) => split switch
    {
        "train" => settings.Opened,
        "val" when settings.Learns => settings.WatchedExamples,
        _ => null,
    };

    /// <summary>How the images of a split are prepared.</summary>
    /// <param name="size">Their side in pixels.</param>
    protected TrainingImageSettings Images(int size) =>
        new(size) { Transform = settings.Transform, Seed = (ulong)settings.Seed, Workers = settings.Workers };
}

/// <summary>NLVR2's statements: a file for each split, by its makers' name or BLIP's.</summary>
internal sealed class NlvrFiles(TaskFiles files, TaskSettings settings) : SplitFiles(files, settings)
{
    protected override string Watched => "dev";

    public override IReadOnlyList<string> Paths(IEnumerable<string> splits) => [.. splits.Select(PathOf)];

    /// <summary>Opens a split: of the training split the first examples.</summary>
    public NlvrPairs Open(string split, BlipTexts texts, int imageSize)
    {
        var examples = Nlvr2Dataset.Load(PathOf(split));
        return new NlvrPairs(
            [.. examples.Take(First(split) ?? examples.Count)], texts.Tokenizer, texts.Positions, Images(imageSize));
    }

    private string PathOf(string split) =>
        Files.Require("nlvr2", $"{split}.json", split == "test1" ? "nlvr_test.json" : $"nlvr_{split}.json");
}

/// <summary>Karpathy's splits of COCO and Flickr30k: in BLIP's files, or in his original one.</summary>
internal sealed class CaptionFiles(TaskFiles files, TaskSettings settings) : SplitFiles(files, settings)
{
    private const string KarpathysFlickr = "dataset_flickr30k.json"; // comes with COCO's

    public override IReadOnlyList<string> Paths(IEnumerable<string> splits) => [.. splits.Select(PathOf).Distinct()];

    /// <summary>Opens a split; while training the first captions, and the first images to watch.</summary>
    public CaptionedImages Open(string split, TextEncoding text, int imageSize)
    {
        var path = PathOf(split);
        if (split == "train")
        {
            // Karpathy's training split is "train" and "restval".
            var rows = JsonList.IsArray(path)
                ? CaptionImages.LoadRows(path, Path.GetDirectoryName(Path.GetFullPath(path))!)
                : Load(path, "train", "restval").ToRows();
            return new CaptionedImages(rows, text, Images(imageSize), First(split));
        }

        var first = First(split) ?? int.MaxValue;
        return new CaptionedImages(
            [.. Load(path, split).ToRows().TakeWhile(row => row.ImageNumber < first)], text, Images(imageSize));
    }

    /// <summary>Reads splits; Karpathy's own file holds all, and names Flickr30k's images without their folder.</summary>
    public static IReadOnlyList<CaptionedImage> Load(string path, params IReadOnlyList<string> splits)
    {
        var (name, folder) = (Path.GetFileName(path), Path.GetDirectoryName(Path.GetFullPath(path))!);
        string[] images = name != KarpathysFlickr ? []
            : [Path.Combine(folder, "flickr30k-images"), Path.GetFullPath(Path.Combine(folder, "../flickr30k/flickr30k-images"))];
        return CaptionImages.Load(path, images.FirstOrDefault(Directory.Exists, folder),
            name.StartsWith("dataset_", StringComparison.Ordinal) ? splits : []);
    }

    private string PathOf(string split) => Settings.Dataset switch
    {
        "coco" => Files.Require("coco", $"coco_karpathy_{split}.json", "dataset_coco.json"),
        "flickr30k" => Files.Find("flickr30k", $"flickr30k_{split}.json", KarpathysFlickr) ?? Files.Find("coco", KarpathysFlickr)
            ?? Files.Require("flickr30k", $"flickr30k_{split}.json", KarpathysFlickr),
        var other => throw new ArgumentException($"no captions of '{other}'; there are coco, flickr30k"),
    };
}

/// <summary>VQA v2's questions with their answers: its makers' pair of files, or BLIP's one.</summary>
internal sealed class VqaFiles(TaskFiles files, TaskSettings settings) : SplitFiles(files, settings)
{
    /// <summary>The answers that are chosen among.</summary>
    public string Answers => Files.Require("vqa", "answer_list.json");

    private string[] Genome => Settings.VisualGenome ? [Files.Require("vqa", "vg_qa.json")] : [];

    /// <summary>The files of some splits, that of the answers, and Visual Genome's where it is learned from.</summary>
    public override IReadOnlyList<string> Paths(IEnumerable<string> splits) =>
        [.. splits.Select(Pair).SelectMany(pair => new[] { pair.Questions, pair.Answers }.OfType<string>()), .. Genome, Answers];

    /// <summary>Opens a split; while training the first questions of each.</summary>
    public QuestionedImages Open(string split, BlipTexts texts, int imageSize) => new(
        split == "train" ? Learned() : Dataset(split),
        new TextEncoding(texts.Question, texts.Tokenizer.PaddingId),
        new TextEncoding(texts.Answer, texts.Tokenizer.PaddingId),
        Images(imageSize),
        First(split));

    private FileList<VqaExample> Learned()
    {
        FileList<VqaExample>[] parts =
        [
            Dataset("train"),
            .. Settings.TrainOnValidation ? [Dataset("val")] : Array.Empty<FileList<VqaExample>>(),
            .. Genome.Select(path => VqaDataset.OpenBlip(path, Files.Folder("coco"), Files.Folder("visual-genome"))),
        ];
        return parts.Length == 1 ? parts[0] : VqaDataset.Concatenate(parts);
    }

    private FileList<VqaExample> Dataset(string split)
    {
        var (questions, given) = Pair(split);
        return IsOfficial(questions)
            ? VqaDataset.OpenOfficial(questions, given, Files.Folder("coco"))
            : VqaDataset.OpenBlip(questions, Files.Folder("coco"), Files.Folder("visual-genome"));
    }

    // "train" and "val" are train2014 and val2014; BLIP's "test" is test2015. The answers of test splits are not public.
    private (string Questions, string? Answers) Pair(string split)
    {
        var official = split is "train" or "val" ? $"{split}2014" : split;
        var blip = $"vqa_{Regex.Replace(split, "201[45]$", "")}.json";
        var questions = Files.Require("vqa", $"v2_OpenEnded_mscoco_{official}_questions.json", $"vqa_{split}.json", blip);
        var answers = $"v2_mscoco_{official}_annotations.json";
        return !IsOfficial(questions) ? (questions, null)
            : Settings.Learns && split is "train" or "val" ? (questions, Files.Require("vqa", answers))
            : (questions, Files.Find("vqa", answers));
    }

    private static bool IsOfficial(string questions) => Path.GetFileName(questions).StartsWith("v2_", StringComparison.Ordinal);
}
