namespace Madtp.Kit.Data;

/// <summary>A data set or a family of checkpoints: what belongs to it, where it goes, and where it comes from.</summary>
/// <param name="Folder">Where it goes, below the data folder.</param>
/// <param name="Licence">Under what terms it may be used, as far as its makers say.</param>
/// <param name="ByHand">How to get what cannot be fetched.</param>
public sealed record DataSource(
    string Name, string Title, string Folder, string Licence, IReadOnlyList<DataFile> Files, string? ByHand = null)
{
    /// <summary>What is counted, not named one by one: given the data set's folder, how many are there and should be.</summary>
    public IReadOnlyList<(string What, Func<string, (int Present, int Wanted)> Count)> Images { get; init; } = [];
}

/// <summary>A file of a data set, or an archive that holds files of it.</summary>
/// <param name="Path">Where it goes, below the data set's folder.</param>
/// <param name="Url">Where it may be fetched from; null where it must be asked for.</param>
/// <param name="Bytes">Its size, where it is known for certain.</param>
/// <param name="Sha256">Its SHA-256 in hexadecimal, where it is published.</param>
public sealed record DataFile(string Path, string? Url = null, long? Bytes = null, string? Sha256 = null)
{
    /// <summary>For an archive: what it unpacks to. Once these are there the archive itself is not needed.</summary>
    public IReadOnlyList<string> Holds { get; init; } = [];
}

/// <summary>Every data set and checkpoint that the kit reads. data/README.md tells the same to people.</summary>
public static class DataCatalog
{
    private const string Salesforce = "https://storage.googleapis.com/sfr-vision-language-research/";
    private const string VqaArchive = "https://s3.amazonaws.com/cvmlp/vqa/mscoco/vqa/";
    private const string OpenAi = "https://openaipublic.azureedge.net/clip/models/";
    private const string Nlvr2Repository =
        "https://raw.githubusercontent.com/lil-lab/nlvr/18924841aa96d519cfb8584f0945350f07a6d860/nlvr2/data/";

    public static IReadOnlyList<DataSource> Sources { get; } =
    [
        new(
            "nlvr2", "NLVR2: statements about pairs of photographs", "nlvr2", "annotations CC BY 4.0; images: their owners'",
        [
            new("train.json", Nlvr2Repository + "train.json"),
            new("dev.json", Nlvr2Repository + "dev.json") { Bytes = 3_762_423 },
            new("test1.json", Nlvr2Repository + "test1.json") { Bytes = 3_780_579 },
            new("test2.json", Nlvr2Repository + "test2.json") { Bytes = 3_774_241 },
            .. Blip("nlvr_train.json", "nlvr_dev.json", "nlvr_test.json"),
        ])
        {
            Images = [("images", folder => ReferencedImages(folder, "train.json", "dev.json", "test1.json"))],
            ByHand = "The images are given to researchers who fill in the form linked from lil.nlp.cornell.edu/nlvr; unpack them "
                + "to images/train/0 to 99, images/dev and images/test1.",
        },
        new("coco", "COCO captions in Karpathy's splits", "coco", "annotations CC BY 4.0",
        [
            .. Blip("coco_karpathy_train.json", "coco_karpathy_val.json", "coco_karpathy_test.json"),
            .. Blip("coco_karpathy_val_gt.json", "coco_karpathy_test_gt.json"),
            new("caption_datasets.zip", "https://cs.stanford.edu/people/karpathy/deepimagesent/caption_datasets.zip")
            {
                Holds = ["dataset_coco.json", "dataset_flickr30k.json"],
            },
        ]),
        new(
            "coco-images", "COCO photographs of 2014 and 2015 (31 GB), for captions and VQA", "coco",
            "Flickr's terms of use; the photographs' owners'",
        [
            new("train2014.zip", "http://images.cocodataset.org/zips/train2014.zip") { Holds = ["train2014"] },
            new("val2014.zip", "http://images.cocodataset.org/zips/val2014.zip") { Holds = ["val2014"] },
            new("test2015.zip", "http://images.cocodataset.org/zips/test2015.zip") { Holds = ["test2015"] },
        ])
        {
            Images = [Counted("train2014", 82_783), Counted("val2014", 40_504), Counted("test2015", 81_434)],
        },
        new(
            "flickr30k", "Flickr30k captions in Karpathy's splits", "flickr30k", "research only; Flickr's terms of use",
            Blip("flickr30k_train.json", "flickr30k_val.json", "flickr30k_test.json"))
        {
            Images = [Counted("flickr30k-images", 31_783)],
            ByHand = "The images are given to researchers who fill in the form at shannon.cs.illinois.edu/DenotationGraph; "
                + "unpack them to flickr30k-images.",
        },
        new("vqa", "VQA v2: questions about COCO's photographs", "vqa", "CC BY 4.0",
        [
            Zip("v2_Questions_Train_mscoco.zip", "v2_OpenEnded_mscoco_train2014_questions.json"),
            Zip("v2_Questions_Val_mscoco.zip", "v2_OpenEnded_mscoco_val2014_questions.json"),
            Zip("v2_Questions_Test_mscoco.zip", "v2_OpenEnded_mscoco_test2015_questions.json",
                "v2_OpenEnded_mscoco_test-dev2015_questions.json"),
            Zip("v2_Annotations_Train_mscoco.zip", "v2_mscoco_train2014_annotations.json"),
            Zip("v2_Annotations_Val_mscoco.zip", "v2_mscoco_val2014_annotations.json"),
            .. Blip("vqa_train.json", "vqa_val.json", "vqa_test.json", "vg_qa.json", "answer_list.json"),
        ]),
        new(
            "visual-genome", "Visual Genome photographs, for VQA training", "visual-genome", "CC BY 4.0",
        [
            new("images.zip", "https://cs.stanford.edu/people/rak248/VG_100K_2/images.zip") { Holds = ["VG_100K"] },
            new("images2.zip", "https://cs.stanford.edu/people/rak248/VG_100K_2/images2.zip") { Holds = ["VG_100K_2"] },
        ])
        {
            ByHand = "BLIP's vg_qa.json names the images image/NUMBER.jpg: give the folder in which 'image' holds both folders' "
                + "files (links will do).",
        },
        new(
            "vocab", "Vocabularies of BERT and CLIP", "vocab", "BERT's Apache 2.0, CLIP's MIT",
        [
            new("bert-base-uncased-vocab.txt", "https://huggingface.co/bert-base-uncased/resolve/main/vocab.txt")
            {
                Bytes = 231_508,
                Sha256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            },
            new(
                "bpe_simple_vocab_16e6.txt.gz",
                "https://raw.githubusercontent.com/openai/CLIP/main/clip/bpe_simple_vocab_16e6.txt.gz")
            {
                Bytes = 1_356_917,
                Sha256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a",
            },
        ]),
        new("clip", "OpenAI's CLIP checkpoints", "checkpoints/clip", "MIT",
        [
            Clip("ViT-B-32.pt", "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"),
            Clip("ViT-B-16.pt", "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"),
            Clip("ViT-L-14.pt", "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"),
            Clip("ViT-L-14-336px.pt", "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02"),
        ]),
        new(
            "blip", "Salesforce's BLIP checkpoints that the paper starts from", "checkpoints/blip", "BSD 3-Clause",
        [
            .. new[] { "nlvr", "retrieval_coco", "retrieval_flickr", "caption_capfilt_large", "vqa_capfilt_large" }
                .Select(model => new DataFile($"model_base_{model}.pth", $"{Salesforce}BLIP/models/model_base_{model}.pth")),
        ]),
        new(
            "madtp", "The authors' pruned checkpoints", "checkpoints/madtp", "see their repository", [])
        {
            Images = [("*.pth", folder => (CountFiles(folder, "*.pth"), 0))],
            ByHand = "Linked from github.com/double125/MADTP where they are offered; put the .pth files here.",
        },
    ];

    /// <summary>The source of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists the names.</exception>
    public static DataSource Find(string name)
        => Sources.FirstOrDefault(s => s.Name == name)
            ?? throw new ArgumentException($"no data set '{name}'; there are {string.Join(", ", Sources.Select(s => s.Name))}");

    private static DataFile[] Blip(params string[] names) => [.. names.Select(n => new DataFile(n, $"{Salesforce}datasets/{n}"))];

    private static DataFile Zip(string name, params string[] holds) => new(name, VqaArchive + name) { Holds = holds };

    // OpenAI's addresses hold the file's own SHA-256.
    private static DataFile Clip(string name, string sha256) => new(name, $"{OpenAi}{sha256}/{name}") { Sha256 = sha256 };

    private static (string, Func<string, (int, int)>) Counted(string folder, int wanted) =>
        (folder, root => (CountFiles(Path.Combine(root, folder), "*.jpg"), wanted));

    private static int CountFiles(string folder, string pattern) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern).Count() : 0;

    private static (int Present, int Wanted) ReferencedImages(string folder, params string[] annotations)
    {
        var wanted = annotations.Select(a => Path.Combine(folder, a)).Where(File.Exists)
            .SelectMany(path => Nlvr2Dataset.Load(path)).SelectMany(pair => new[] { pair.LeftImagePath, pair.RightImagePath })
            .ToHashSet();
        return (wanted.Count(File.Exists), wanted.Count);
    }
}

/// <summary>What is there of a data set.</summary>
public sealed record DataStatus(DataSource Source, IReadOnlyList<DataPart> Parts)
{
    /// <summary>The whole: complete when every part is, absent when none is there.</summary>
    public DataState State => Parts.Count > 0 && Parts.All(p => p.State == DataState.Complete) ? DataState.Complete
        : Parts.All(p => p.State == DataState.Absent) ? DataState.Absent
        : DataState.Partial;

    /// <summary>Looks at the disk.</summary>
    /// <param name="verify">Whether to compute checksums too, where they are known.</param>
    public static DataStatus Check(DataSource source, string dataFolder, bool verify = false)
    {
        var folder = Path.Combine(dataFolder, source.Folder);
        return new DataStatus(
            source,
            [
                .. source.Files.Select(file => Look(file.Path, () => CheckFile(file, folder, verify))),
                .. source.Images.Select(images => Look(images.What, () => CheckImages(images.What, images.Count(folder)))),
            ]);
    }

    // What cannot be read is one part's fault, not that of all.
    private static DataPart Look(string what, Func<DataPart> check)
    {
        try
        {
            return check();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return new DataPart(what, DataState.Partial, e.Message);
        }
    }

    private static DataPart CheckFile(DataFile file, string folder, bool verify)
    {
        var path = Path.Combine(folder, file.Path);
        if (file.Holds.Count > 0 && File.Exists(path))
            return new DataPart(file.Path, DataState.Partial, "not fully unpacked; get it again");

        IReadOnlyList<string> wanted = file.Holds.Count > 0 ? file.Holds : [file.Path];
        string[] missing = [.. wanted.Where(name => !Path.Exists(Path.Combine(folder, name)))];
        if (missing.Length > 0)
        {
            var begun = new FileInfo(path + Download.PartSuffix);
            return begun.Exists ? new DataPart(file.Path, DataState.Partial, $"{begun.Length:N0} bytes fetched so far")
                : missing.Length < wanted.Count
                    ? new DataPart(file.Path, DataState.Partial, $"missing: {string.Join(", ", missing)}")
                : new DataPart(file.Path, DataState.Absent, file.Url is null ? "to be got by hand" : string.Empty);
        }

        var fault = file.Holds.Count > 0 ? null // the archive itself is not needed any more
            : Directory.Exists(path) ? "a folder, not a file"
            : file.Bytes is { } bytes && new FileInfo(path).Length is var length && length != bytes
                ? $"{length:N0} bytes, not {bytes:N0}"
            : verify && file.Sha256 is { } sha && Download.Sha256Async(path).GetAwaiter().GetResult() != sha
                ? "its checksum differs"
            : null;
        return new DataPart(file.Path, fault is null ? DataState.Complete : DataState.Partial, fault ?? string.Empty);
    }

    private static DataPart CheckImages(string what, (int Present, int Wanted) count)
    {
        var (present, wanted) = count;
        var state = present == 0 ? DataState.Absent : present < wanted ? DataState.Partial : DataState.Complete;
        return new DataPart(what, state, present < wanted ? $"{present:N0} of {wanted:N0}" : string.Empty);
    }
}

/// <summary>What is there of a file of a data set, or of images.</summary>
/// <param name="Detail">What is wrong or missing; empty where it is complete.</param>
public sealed record DataPart(string What, DataState State, string Detail);

/// <summary>How much of something is there; partial: some of it, or not as it should be.</summary>
public enum DataState { Absent, Partial, Complete }
