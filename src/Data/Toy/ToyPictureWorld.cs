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

    private static readonly string[] Folders = ["coco", "flickr30k", "vqa"];
    private static readonly string[] Splits = ["train", "val", "test"];

    /// <summary>The number of the first COCO image of a split; its questions follow from it. Far apart, so that no split runs
    /// into the next.</summary>
    internal static int FirstCocoImage(string split) => 1_000_000 * (1 + Array.IndexOf(Splits, split));

    /// <summary>Writes the folders <c>coco</c>, <c>flickr30k</c> and <c>vqa</c>, unless their stamp says that just these files
    /// are there.</summary>
    /// <param name="folder">Where to; made if absent.</param>
    /// <param name="progress">Told the share done, 0 to 1.</param>
    /// <param name="cancellation">Stops the work; what is half made is made again next time.</param>
    /// <returns>The stamp, and whether files were written.</returns>
    public static (ToyPictureStamp Stamp, bool IsNew) Make(
        string folder, ToyPictureSettings settings, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        var (coco, flickr, vqa) = (Path.Combine(folder, "coco"), Path.Combine(folder, "flickr30k"), Path.Combine(folder, "vqa"));
        if (Find(folder) is { } present)
        {
            if (present.Generator == Generator && present.Settings == settings && IsComplete(folder, settings))
            {
                return (present, false);
            }

            foreach (var old in Folders.Select(name => Path.Combine(folder, name)).Where(Directory.Exists))
            {
                Directory.Delete(old, recursive: true); // the stamp shows that these were made here, from other settings
            }
        }

        Array.ForEach(Folders, name => Directory.CreateDirectory(Path.Combine(folder, name)));
        var painter = new Painter(settings.Coco.Images + settings.Flickr.Images, progress, cancellation);
        Painted[][] ofCoco = [.. Splits.Select(split => painter.Paint(
            coco,
            split == "train" ? "train2014" : "val2014",
            $"coco_karpathy_{split}.patches.bin",
            ToyPicture.DrawSplit(split, settings.Coco, FirstCocoImage(split)),
            id => $"COCO_{(split == "train" ? "train2014" : "val2014")}_{id:D12}.jpg"))];
        WriteCoco(coco, ofCoco);
        WriteVqa(vqa, "train2014", ofCoco[0]);
        WriteVqa(vqa, "val2014", [.. ofCoco[1], .. ofCoco[2]]);
        ToyFiles.WriteJson(Path.Combine(vqa, "answer_list.json"), ToyQuestions.Answers(ofCoco[0].Select(p => p.Picture)));
        Painted[][] ofFlickr = [.. Splits.Select((split, i) => painter.Paint(
            flickr, "flickr30k-images", $"flickr30k_{split}.patches.bin",
                ToyPicture.DrawSplit(split, settings.Flickr, (4 + i) * 1_000_000), id => $"{id}.jpg"))];
        WriteRows(Path.Combine(flickr, "flickr30k_train.json"), ofFlickr[0], "flickr30k_");
        WriteImages(Path.Combine(flickr, "flickr30k_val.json"), ofFlickr[1]);
        WriteImages(Path.Combine(flickr, "flickr30k_test.json"), ofFlickr[2]);
        var stamp = new ToyPictureStamp(Generator, settings, painter.Digest);
        ToyFiles.WriteStamp(Path.Combine(coco, "stamp.json"), stamp);
        return (stamp, true);
    }

    /// <summary>The stamp of finished pictures in a folder; null where there is none.</summary>
    /// <param name="folder">The folder that <see cref="Make"/> wrote to.</param>
    public static ToyPictureStamp? Find(string folder) =>
        ToyFiles.ReadStamp<ToyPictureStamp>(Path.Combine(folder, "coco", "stamp.json"));

    private static bool IsComplete(string folder, ToyPictureSettings settings)
        => ToyFiles.Count(Path.Combine(folder, "coco", "train2014"), "*.jpg") == settings.Coco.TrainImages
            && ToyFiles.Count(Path.Combine(folder, "coco", "val2014"), "*.jpg") == settings.Coco.DevImages
                + settings.Coco.TestImages
            && ToyFiles.Count(Path.Combine(folder, "flickr30k", "flickr30k-images"), "*.jpg") == settings.Flickr.Images
            && File.Exists(Path.Combine(folder, "vqa", "answer_list.json"));

    // BLIP's forms, Karpathy's original and COCO's ground truth.
    internal static void WriteCoco(string folder, Painted[][] splits)
    {
        WriteRows(Path.Combine(folder, "coco_karpathy_train.json"), splits[0], "coco_");
        foreach (var (split, pictures) in Splits.Zip(splits).Skip(1))
        {
            WriteImages(Path.Combine(folder, $"coco_karpathy_{split}.json"), pictures);
            ToyFiles.WriteJson(Path.Combine(folder, $"coco_karpathy_{split}_gt.json"), new
            {
                annotations = pictures.SelectMany(p => p.Picture.Captions.Select(caption => (p.Picture.Id, Caption: caption)))
                    .Select((c, id) => new { image_id = c.Id, caption = c.Caption, id }),
                images = pictures.Select(p => new { id = p.Picture.Id }),
            });
        }

        var all = Splits.Zip(splits).SelectMany(s => s.Second.Select(p => (Split: s.First, p.Picture, p.Name))).ToArray();
        ToyFiles.WriteJson(Path.Combine(folder, "dataset_coco.json"), new
        {
            images = all.Select((p, imgid) => new
            {
                filepath = Path.GetDirectoryName(p.Name),
                sentids = p.Picture.Captions.Select((_, n) => (p.Picture.Id * 10) + n),
                filename = Path.GetFileName(p.Name),
                imgid,
                split = p.Split,
                sentences = p.Picture.Captions.Select((raw, n) => new
                {
                    tokens = raw.ToLowerInvariant().Split([' ', '.', ',', ':'], StringSplitOptions.RemoveEmptyEntries),
                    raw,
                    imgid,
                    sentid = (p.Picture.Id * 10) + n,
                }),
                cocoid = p.Picture.Id,
            }),
            dataset = "coco",
        });
    }

    internal static void WriteRows(string path, Painted[] pictures, string prefix) => ToyFiles.WriteJson(
        path, pictures.SelectMany(
            p => p.Picture.Captions.Select(caption => new { caption, image = p.Name, image_id = $"{prefix}{p.Picture.Id}" })));

    internal static void WriteImages(string path, Painted[] pictures)
        => ToyFiles.WriteJson(path, pictures.Select(p => new { image = p.Name, caption = p.Picture.Captions }));

    // VQA v2's official form: training about train2014, and about val2014 the rest.
    internal static void WriteVqa(string folder, string subset, Painted[] pictures)
    {
        var all = pictures.SelectMany(p => p.Picture.Questions.Select((q, n) =>
            (Image: p.Picture.Id, Id: p.Picture.QuestionId(n), q.Question, q.Answers))).ToArray();
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

    /// <summary>A picture and the name of its file below the data set's folder.</summary>
    internal sealed record Painted(AnnotatedPicture Picture, string Name);

    /// <summary>Writes the pictures of a split as JPEG files, with the patches' true classes beside the annotations.</summary>
    private sealed class Painter(double total, IProgress<double>? progress, CancellationToken cancellation)
    {
        private readonly List<byte> digests = [];
        private int done;

        /// <summary>The hash of all that was painted.</summary>
        public string Digest => Convert.ToHexStringLower(SHA256.HashData([.. digests]));

        /// <summary>Paints pictures into FOLDER/IMAGES and their patches' classes into FOLDER/PATCHES.</summary>
        public Painted[] Paint(string folder, string images, string patches, ToyPicture[] pictures, Func<int, string> nameOf)
        {
            Directory.CreateDirectory(Path.Combine(folder, images));
            var hashes = new byte[pictures.Length][];
            var classes = new byte[pictures.Length * ToyScene.Patches];
            Parallel.For(0, pictures.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
            {
                var picture = pictures[i];
                var pixels = ToyRenderer.Render(picture.Scene);
                ToyFiles.SaveImage(pixels, Path.Combine(folder, images, nameOf(picture.Id)));
                ToyRenderer.PatchClasses(picture.Scene).CopyTo(classes, i * ToyScene.Patches);
                var words = picture.Captions.Concat(picture.Questions.SelectMany(q => q.Answers.Prepend(q.Question.Text)));
                hashes[i] = SHA256.HashData([.. pixels, .. Encoding.UTF8.GetBytes(string.Join('\n', words))]);
                progress?.Report(Interlocked.Increment(ref done) / total);
            });
            ToyFiles.WritePatches(Path.Combine(folder, patches), classes);
            digests.AddRange(hashes.SelectMany(hash => hash));
            return [.. pictures.Select(picture => new Painted(picture, $"{images}/{nameOf(picture.Id)}"))];
        }
    }
}
