namespace Madtp.Kit.Data.Toy;

/// <summary>What the toy COCO (with VQA) and the toy Flickr30k are made of. Equal settings give equal bytes.</summary>
/// <param name="Coco">COCO's captioned scenes.</param>
/// <param name="Flickr">Flickr30k's.</param>
public sealed record ToyPictureSettings(ToyCaptionSettings Coco, ToyCaptionSettings Flickr)
{
    /// <summary>The usual worlds of a seed; Flickr30k's scenes are others than COCO's, and half as many to train on.</summary>
    /// <param name="trainImages">COCO's training images, at least 60; val and test keep their proportions to them.</param>
    /// <exception cref="ArgumentException">There are fewer.</exception>
    public static ToyPictureSettings Scaled(ulong seed = 1, int trainImages = 6_000)
    {
        Guard.Argument(trainImages >= 60, $"{trainImages} images: give at least 60", nameof(trainImages));
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
/// <param name="Digest">SHA-256 over all pixels, captions and questions: names the data that a result was got on.</param>
public sealed record ToyPictureStamp(int Generator, ToyPictureSettings Settings, string Digest);

/// <summary>Makes the toy world's COCO, Flickr30k and VQA v2, once, in the forms they are published in.</summary>
public static class ToyPictureWorld
{
    /// <summary>Grows by one whenever the same settings give other files.</summary>
    private const int Generator = 1;

    /// <summary>Writes the folders <c>coco</c>, <c>flickr30k</c> and <c>vqa</c>, unless their stamp says that just these files
    /// are there.</summary>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellation">Stops the work; what is half made is made again next time.</param>
    /// <returns>The stamp, and whether files were written.</returns>
    public static (ToyPictureStamp Stamp, bool IsNew) Make(
        string folder, ToyPictureSettings settings, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        string[] folders = [.. PictureFiles.Folders.Select(name => Path.Combine(folder, name))];
        bool IsWanted(ToyPictureStamp found) =>
            found.Generator == Generator && found.Settings == settings && IsComplete(folder, settings);
        return ToyFiles.MakeOnce<ToyPictureStamp>(StampPath(folder), folders, IsWanted, () =>
        {
            var painter = new Painter(settings.Coco.Images + settings.Flickr.Images, progress, cancellation);
            var digests = new List<byte>();
            AnnotatedPicture[] Paint(ToyCaptionSettings scenes, string split, bool isCoco)
            {
                var pictures = ToyPicture.DrawSplit(split, scenes, PictureFiles.FirstId(split, isCoco));
                var (into, patches) = isCoco ? (folders[0], $"coco_karpathy_{split}") : (folders[1], $"flickr30k_{split}");
                var (classes, hashes) = painter.Paint(
                    into, [.. pictures.Select(picture => ((DrawnScene)picture.Scene, picture.File))],
                    (i, pixels) => [.. pixels, .. pictures[i].Words]);
                ToyFiles.WritePatches(Path.Combine(into, $"{patches}.patches.bin"), classes);
                digests.AddRange(hashes);
                return pictures;
            }

            PictureFiles.Write(
                folder,
                [.. PictureFiles.Splits.Select(split => Paint(settings.Coco, split, isCoco: true))],
                [.. PictureFiles.Splits.Select(split => Paint(settings.Flickr, split, isCoco: false))]);
            return new(Generator, settings, Convert.ToHexStringLower(SHA256.HashData([.. digests])));
        });
    }

    /// <summary>The stamp of finished pictures in a folder; null where there is none.</summary>
    /// <param name="folder">The folder that <see cref="Make"/> wrote to.</param>
    public static ToyPictureStamp? Find(string folder) => ToyFiles.ReadStamp<ToyPictureStamp>(StampPath(folder));

    private static string StampPath(string folder) => Path.Combine(folder, "coco", "stamp.json");

    private static bool IsComplete(string folder, ToyPictureSettings settings) =>
        ToyFiles.Count(Path.Combine(folder, "coco", "train2014"), "*.jpg") == settings.Coco.TrainImages
        && ToyFiles.Count(Path.Combine(folder, "coco", "val2014"), "*.jpg") == settings.Coco.DevImages + settings.Coco.TestImages
        && ToyFiles.Count(Path.Combine(folder, "flickr30k", "flickr30k-images"), "*.jpg") == settings.Flickr.Images
        && File.Exists(Path.Combine(folder, "vqa", "answer_list.json"));
}

/// <summary>The annotations of a drawn COCO, Flickr30k and VQA v2, in the forms they are published in.</summary>
internal static class PictureFiles
{
    /// <summary>A split's pictures are numbered from a multiple of this, so that no split runs into the next.</summary>
    public const int IdsPerSplit = 1_000_000;

    public static readonly string[] Folders = ["coco", "flickr30k", "vqa"];
    public static readonly string[] Splits = ["train", "val", "test"];

    /// <summary>The number of a split's first picture; its questions' numbers follow from it.</summary>
    public static int FirstId(string split, bool isCoco = true) =>
        IdsPerSplit * ((isCoco ? 1 : 4) + Array.IndexOf(Splits, split));

    /// <summary>Writes all annotations into a folder's three.</summary>
    /// <param name="coco">The pictures of every split, COCO's and below Flickr30k's.</param>
    public static void Write(string folder, AnnotatedPicture[][] coco, AnnotatedPicture[][] flickr)
    {
        var vqa = Path.Combine(folder, "vqa");
        WriteCoco(Path.Combine(folder, "coco"), coco);
        WriteVqa(vqa, "train2014", coco[0]);
        WriteVqa(vqa, "val2014", [.. coco[1], .. coco[2]]);
        ToyFiles.WriteJson(Path.Combine(vqa, "answer_list.json"), ToyQuestions.Answers(coco[0]));
        WriteRows(Path.Combine(folder, "flickr30k", "flickr30k_train.json"), flickr[0], "flickr30k_");
        WriteImages(Path.Combine(folder, "flickr30k", "flickr30k_val.json"), flickr[1]);
        WriteImages(Path.Combine(folder, "flickr30k", "flickr30k_test.json"), flickr[2]);
    }

    // BLIP's forms, Karpathy's original and COCO's ground truth.
    private static void WriteCoco(string folder, AnnotatedPicture[][] splits)
    {
        WriteRows(Path.Combine(folder, "coco_karpathy_train.json"), splits[0], "coco_");
        foreach (var (split, pictures) in Splits.Zip(splits).Skip(1))
        {
            WriteImages(Path.Combine(folder, $"coco_karpathy_{split}.json"), pictures);
            ToyFiles.WriteJson(Path.Combine(folder, $"coco_karpathy_{split}_gt.json"), new
            {
                annotations = pictures.SelectMany(p => p.Captions.Select(caption => (p.Id, Caption: caption)))
                    .Select((c, id) => new { image_id = c.Id, caption = c.Caption, id }),
                images = pictures.Select(p => new { id = p.Id }),
            });
        }

        var all = Splits.Zip(splits).SelectMany(of => of.Second.Select(p => (Split: of.First, Picture: p)));
        ToyFiles.WriteJson(Path.Combine(folder, "dataset_coco.json"), new
        {
            images = all.Select((one, imgid) => new
            {
                filepath = Path.GetDirectoryName(one.Picture.File),
                sentids = one.Picture.Captions.Select((_, n) => (one.Picture.Id * 10) + n),
                filename = Path.GetFileName(one.Picture.File),
                imgid,
                split = one.Split,
                sentences = one.Picture.Captions.Select((raw, n) => new
                {
                    tokens = raw.ToLowerInvariant().Split([' ', '.', ',', ':'], StringSplitOptions.RemoveEmptyEntries),
                    raw,
                    imgid,
                    sentid = (one.Picture.Id * 10) + n,
                }),
                cocoid = one.Picture.Id,
            }),
            dataset = "coco",
        });
    }

    private static void WriteRows(string path, AnnotatedPicture[] pictures, string prefix) => ToyFiles.WriteJson(
        path, pictures.SelectMany(p =>
            p.Captions.Select(caption => new { caption, image = p.File, image_id = $"{prefix}{p.Id}" })));

    private static void WriteImages(string path, AnnotatedPicture[] pictures)
        => ToyFiles.WriteJson(path, pictures.Select(p => new { image = p.File, caption = p.Captions }));

    // VQA v2's official form: training about train2014, and about val2014 the rest.
    private static void WriteVqa(string folder, string subset, AnnotatedPicture[] pictures)
    {
        var all = pictures.SelectMany(p => p.Questions.Select((q, n) =>
            (Image: p.Id, Id: p.QuestionId(n), q.Question, q.Answers))).ToArray();
        var info = new { description = "Questions about the toy world, in the form of VQA v2.", version = "2.0" };
        var license = new { url = "http://creativecommons.org/publicdomain/zero/1.0/", name = "CC0 1.0" };
        ToyFiles.WriteJson(Path.Combine(folder, $"v2_OpenEnded_mscoco_{subset}_questions.json"), new
        {
            info,
            task_type = "Open-Ended",
            data_type = "mscoco",
            license,
            data_subtype = subset,
            questions = all.Select(q => new { image_id = q.Image, question = q.Question.Text, question_id = q.Id }),
        });
        ToyFiles.WriteJson(Path.Combine(folder, $"v2_mscoco_{subset}_annotations.json"), new
        {
            info,
            data_type = "mscoco",
            license,
            data_subtype = subset,
            annotations = all.Select(q => new
            {
                question_type = q.Question.QuestionType,
                multiple_choice_answer = q.Question.Answer,
                answers = q.Answers.Select((answer, n) => new
                {
                    answer, answer_confidence = answer == q.Question.Answer ? "yes" : "maybe", answer_id = n + 1,
                }),
                image_id = q.Image,
                answer_type = q.Question.AnswerType,
                question_id = q.Id,
            }),
        });
    }
}
