using System.Security.Cryptography;
using System.Text.Json;
using System.Text;
using Madtp.Kit.Data.Images;

namespace Madtp.Kit.Data.Toy;

/// <summary>What the toy COCO (with VQA) and the toy Flickr30k are made of. Equal settings give equal files, byte for byte.</summary>
/// <param name="Coco">COCO's captioned scenes.</param>
/// <param name="Flickr">Flickr30k's.</param>
public sealed record ToyPictureSettings(ToyCaptionSettings Coco, ToyCaptionSettings Flickr)
{
    /// <summary>The usual worlds of a seed; Flickr30k's scenes are others than COCO's, and half as many to train on.</summary>
    /// <param name="seed">Where every random choice comes from.</param>
    /// <param name="trainImages">COCO's training images, at least 60; val and test keep their proportions to them.</param>
    /// <exception cref="ArgumentException">There are fewer.</exception>
    public static ToyPictureSettings Scaled(ulong seed = 1, int trainImages = 6_000)
    {
        if (trainImages < 60)
        {
            throw new ArgumentException($"{trainImages} images: give at least 60", nameof(trainImages));
        }

        var usual = new ToyCaptionSettings(seed);
        var coco = usual with
        {
            TrainImages = trainImages,
            DevImages = Math.Min(usual.DevImages * trainImages / usual.TrainImages, ToyCaptionSettings.DifferentScenes),
            TestImages = Math.Min(usual.TestImages * trainImages / usual.TrainImages, ToyCaptionSettings.DifferentScenes),
        };
        return new(coco, coco with { Seed = SeededRandom.SeedFor(seed, 30), TrainImages = trainImages / 2 });
    }
}

/// <summary>What finished toy pictures were made from, and what came out; lies beside them as coco/stamp.json.</summary>
/// <param name="Generator">The generator's version.</param>
/// <param name="Settings">What was asked for.</param>
/// <param name="Digest">SHA-256 over all pixels, captions and questions: names the data that a result was got on.</param>
public sealed record ToyPictureStamp(int Generator, ToyPictureSettings Settings, string Digest);

/// <summary>Makes the toy world's COCO, Flickr30k and VQA v2, once.</summary>
public static class ToyPictureWorld
{
    /// <summary>Grows by one whenever the same settings give other files.</summary>
    private const int Generator = 1;

    // Where each set's image numbers begin; far apart, so that no set's size makes it run into the next.
    private const int FirstCocoTrain = 1_000_000;
    private const int FirstCocoVal = 2_000_000;
    private const int FirstCocoTest = 3_000_000;
    private const int FirstFlickrTrain = 4_000_000;
    private const int FirstFlickrVal = 5_000_000;
    private const int FirstFlickrTest = 6_000_000;

    private static readonly string[] Folders = ["coco", "flickr30k", "vqa"];
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The number of the first COCO image of a split; its questions follow from it.</summary>
    internal static int FirstCocoImage(string split) => split switch
    {
        "train" => FirstCocoTrain,
        "val" => FirstCocoVal,
        _ => FirstCocoTest,
    };

    /// <summary>Writes the folders <c>coco</c>, <c>flickr30k</c> and <c>vqa</c>, unless their stamp says that just these files are there.</summary>
    /// <param name="folder">Where to; made if absent.</param>
    /// <param name="settings">What to make.</param>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellation">Stops the work; what is half made is made again next time.</param>
    /// <returns>The stamp, and whether files were written.</returns>
    public static (ToyPictureStamp Stamp, bool IsNew) Make(string folder, ToyPictureSettings settings, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(settings);
        if (Find(folder) is { } present)
        {
            if (present.Generator == Generator && present.Settings == settings && IsComplete(folder, settings))
            {
                return (present, false);
            }

            // The stamp shows that these were made here, from other settings.
            Array.ForEach(Folders, f => Delete(Path.Combine(folder, f)));
        }

        Array.ForEach(Folders, f => Directory.CreateDirectory(Path.Combine(folder, f)));
        var stamp = new ToyPictureStamp(Generator, settings, Write(folder, settings, progress, cancellation));
        AtomicFile.Write(StampPath(folder), stream => JsonSerializer.Serialize(stream, stamp, Indented));
        return (stamp, true);
    }

    /// <summary>The stamp of finished pictures in a folder; null where there is none.</summary>
    /// <param name="folder">The folder that <see cref="Make"/> wrote to.</param>
    public static ToyPictureStamp? Find(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<ToyPictureStamp>(File.ReadAllBytes(StampPath(folder)));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null; // none, or cut off: then the pictures are made anew
        }
    }

    private static string StampPath(string folder) => Path.Combine(folder, "coco", "stamp.json");

    private static string Write(string folder, ToyPictureSettings settings, IProgress<double>? progress, CancellationToken cancellation)
    {
        double total = Images(settings.Coco) + Images(settings.Flickr);
        var painter = new ToyPainter(done => progress?.Report(done / total), cancellation);
        var coco = Path.Combine(folder, "coco");
        var train = painter.Paint(coco, "train2014", "coco_karpathy_train.patches.bin", ToyPicture.DrawSplit("train", settings.Coco, FirstCocoTrain), id => $"COCO_train2014_{id:D12}.jpg");
        var val = painter.Paint(coco, "val2014", "coco_karpathy_val.patches.bin", ToyPicture.DrawSplit("val", settings.Coco, FirstCocoVal), id => $"COCO_val2014_{id:D12}.jpg");
        var test = painter.Paint(coco, "val2014", "coco_karpathy_test.patches.bin", ToyPicture.DrawSplit("test", settings.Coco, FirstCocoTest), id => $"COCO_val2014_{id:D12}.jpg");
        ToyCaptionFiles.WriteCoco(coco, train, val, test);
        ToyVqaFiles.Write(Path.Combine(folder, "vqa"), train, val, test);
        WriteFlickr(Path.Combine(folder, "flickr30k"), settings.Flickr, painter);
        return Convert.ToHexStringLower(SHA256.HashData(painter.Digests()));
    }

    private static void WriteFlickr(string folder, ToyCaptionSettings settings, ToyPainter painter)
    {
        (ToyPicture Picture, string Name)[] Paint(string split, int firstId)
            => painter.Paint(folder, "flickr30k-images", $"flickr30k_{split}.patches.bin", ToyPicture.DrawSplit(split, settings, firstId), id => $"{id}.jpg");
        ToyCaptionFiles.WriteFlickr(folder, Paint("train", FirstFlickrTrain), Paint("val", FirstFlickrVal), Paint("test", FirstFlickrTest));
    }

    private static int Images(ToyCaptionSettings settings) => settings.TrainImages + settings.DevImages + settings.TestImages;

    private static bool IsComplete(string folder, ToyPictureSettings settings)
        => Count(folder, "coco", "train2014") == settings.Coco.TrainImages
            && Count(folder, "coco", "val2014") == settings.Coco.DevImages + settings.Coco.TestImages
            && Count(folder, "flickr30k", "flickr30k-images") == Images(settings.Flickr)
            && File.Exists(Path.Combine(folder, "vqa", ToyVqaFiles.AnswerListName));

    private static int Count(params string[] parts)
    {
        var folder = Path.Combine(parts);
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.jpg").Count() : 0;
    }

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

/// <summary>Writes the pictures of a split as JPEG files, with the patches' true classes beside the annotations.</summary>
internal sealed class ToyPainter(Action<int> painted, CancellationToken cancellation)
{
    // Fine enough that the noise of the grounds survives and edges keep their colour.
    private const int Quality = 95;

    private readonly List<byte[]> digests = [];
    private int done;

    /// <summary>The hashes of all that was painted, in order.</summary>
    public byte[] Digests() => [.. digests.SelectMany(d => d)];

    /// <summary>Paints pictures into FOLDER/IMAGES and their patches' classes into FOLDER/PATCHES; returns each with its name below FOLDER.</summary>
    public (ToyPicture Picture, string Name)[] Paint(string folder, string images, string patches, ToyPicture[] pictures, Func<int, string> nameOf)
    {
        Directory.CreateDirectory(Path.Combine(folder, images));
        var hashes = new byte[pictures.Length][];
        var classes = new byte[pictures.Length * ToyScene.Patches];
        Parallel.For(0, pictures.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            var picture = pictures[i];
            var pixels = ToyRenderer.Render(picture.Scene);
            Save(pixels, Path.Combine(folder, images, nameOf(picture.Id)));
            ToyRenderer.PatchClasses(picture.Scene).CopyTo(classes, i * ToyScene.Patches);
            var words = picture.Captions.Concat(picture.Questions.SelectMany(q => q.Answers.Prepend(q.Question.Text)));
            hashes[i] = SHA256.HashData([.. pixels, .. Encoding.UTF8.GetBytes(string.Join('\n', words))]);
            painted(Interlocked.Increment(ref done));
        });
        ToyPatchClasses.Write(Path.Combine(folder, patches), classes);
        digests.AddRange(hashes);
        return [.. pictures.Select(p => (p, $"{images}/{nameOf(p.Id)}"))];
    }

    private static void Save(byte[] pixels, string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        file.Write(ImageEncoding.Jpeg(pixels, ToyScene.Size, ToyScene.Size, Quality));
    }
}

/// <summary>Writes captions in the forms they are published in: BLIP's, Karpathy's original, and COCO's ground truth.</summary>
internal static class ToyCaptionFiles
{
    public static void WriteCoco(string folder, (ToyPicture Picture, string Name)[] train, (ToyPicture Picture, string Name)[] val, (ToyPicture Picture, string Name)[] test)
    {
        WriteRows(Path.Combine(folder, "coco_karpathy_train.json"), train, "coco_");
        foreach (var (split, pictures) in new[] { ("val", val), ("test", test) })
        {
            WriteImages(Path.Combine(folder, $"coco_karpathy_{split}.json"), pictures);
            WriteGroundTruth(Path.Combine(folder, $"coco_karpathy_{split}_gt.json"), pictures);
        }

        WriteOriginal(Path.Combine(folder, "dataset_coco.json"), ("train", train), ("val", val), ("test", test));
    }

    public static void WriteFlickr(string folder, (ToyPicture Picture, string Name)[] train, (ToyPicture Picture, string Name)[] val, (ToyPicture Picture, string Name)[] test)
    {
        WriteRows(Path.Combine(folder, "flickr30k_train.json"), train, "flickr30k_");
        WriteImages(Path.Combine(folder, "flickr30k_val.json"), val);
        WriteImages(Path.Combine(folder, "flickr30k_test.json"), test);
    }

    private static void WriteRows(string path, (ToyPicture Picture, string Name)[] pictures, string prefix)
        => Write(path, pictures.SelectMany(p => p.Picture.Captions.Select(caption => new { caption, image = p.Name, image_id = $"{prefix}{p.Picture.Id}" })));

    private static void WriteImages(string path, (ToyPicture Picture, string Name)[] pictures)
        => Write(path, pictures.Select(p => new { image = p.Name, caption = p.Picture.Captions }));

    private static void WriteGroundTruth(string path, (ToyPicture Picture, string Name)[] pictures)
    {
        var captions = pictures.SelectMany(p => p.Picture.Captions.Select(caption => (p.Picture.Id, Caption: caption)));
        Write(path, new
        {
            annotations = captions.Select((c, id) => new { image_id = c.Id, caption = c.Caption, id }),
            images = pictures.Select(p => new { id = p.Picture.Id }),
        });
    }

    private static void WriteOriginal(string path, params (string Split, (ToyPicture Picture, string Name)[] Pictures)[] splits)
    {
        var all = splits.SelectMany(s => s.Pictures.Select(p => (s.Split, p.Picture, p.Name))).ToArray();
        Write(path, new
        {
            images = all.Select((p, imgid) => new
            {
                filepath = Path.GetDirectoryName(p.Name),
                sentids = p.Picture.Captions.Select((_, n) => SentenceId(p.Picture, n)),
                filename = Path.GetFileName(p.Name),
                imgid,
                split = p.Split,
                sentences = p.Picture.Captions.Select((raw, n) => new { tokens = Tokens(raw), raw, imgid, sentid = SentenceId(p.Picture, n) }),
                cocoid = p.Picture.Id,
            }),
            dataset = "coco",
        });
    }

    private static int SentenceId(ToyPicture picture, int number) => (picture.Id * 10) + number;

    private static string[] Tokens(string caption) => caption.ToLowerInvariant().Split([' ', '.', ',', ':'], StringSplitOptions.RemoveEmptyEntries);

    private static void Write<T>(string path, T value) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, value));
}

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
