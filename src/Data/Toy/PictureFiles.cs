namespace Madtp.Kit.Data.Toy;

/// <summary>Drawn pictures as COCO, Flickr30k and VQA v2, in the forms they are published in.</summary>
internal static class PictureFiles
{
    /// <summary>A split's pictures are numbered from a multiple of this, so that no split runs into the next.</summary>
    public const int IdsPerSplit = 1_000_000;

    public static readonly string[] Folders = ["coco", "flickr30k", "vqa"];
    public static readonly string[] Splits = ["train", "val", "test"];

    /// <summary>The number of a split's first picture; its questions' numbers follow from it.</summary>
    public static int FirstId(string split, bool isCoco = true) =>
        IdsPerSplit * ((isCoco ? 1 : 4) + Array.IndexOf(Splits, split));

    /// <summary>Draws and writes all splits.</summary>
    /// <param name="coco">The folder of COCO's pictures; that of Flickr30k's is <paramref name="flickr"/>.</param>
    /// <param name="corpora">Of each corpus the folder that holds its three.</param>
    /// <param name="draw">For each corpus a split's pictures, of COCO or of Flickr30k: the same scenes.</param>
    public static void Write(
        string coco, string flickr, Painter painter, string[] corpora,
        Func<string, bool, DrawnPicture[][]> draw)
    {
        DrawnPicture[][] Paint(string split, bool isCoco)
        {
            var said = draw(split, isCoco);
            var patches = painter.Paint(isCoco ? coco : flickr, [.. said[0].Select(picture => (picture.Scene, picture.File))]);
            foreach (var corpus in corpora)
            {
                var path = Path.Combine(corpus, isCoco ? Folders[0] : Folders[1], isCoco ? "coco_karpathy" : "flickr30k");
                AtomicFile.Write($"{path}_{split}.patches.bin", stream => stream.Write(patches));
            }

            return said;
        }

        var cocos = Array.ConvertAll(Splits, split => Paint(split, isCoco: true));
        var flickrs = Array.ConvertAll(Splits, split => Paint(split, isCoco: false));
        foreach (var (corpus, folder) in corpora.Index())
        {
            var pictures = Array.ConvertAll(cocos, split => split[corpus]);
            WriteCoco(Path.Combine(folder, "coco"), pictures);
            WriteVqa(Path.Combine(folder, "vqa"), pictures);
            var flickr30k = Array.ConvertAll(flickrs, split => split[corpus]);
            WriteBlip(Path.Combine(folder, "flickr30k", "flickr30k"), "flickr30k_", flickr30k);
        }
    }

    // BLIP's forms, Karpathy's original and COCO's ground truth.
    private static void WriteCoco(string folder, DrawnPicture[][] splits)
    {
        WriteBlip(Path.Combine(folder, "coco_karpathy"), "coco_", splits);
        foreach (var (split, pictures) in Splits.Zip(splits).Skip(1))
        {
            WriteJson(Path.Combine(folder, $"coco_karpathy_{split}_gt.json"), new
            {
                annotations = pictures.SelectMany(p => p.Captions.Select(caption => (p.Id, Caption: caption)))
                    .Select((c, id) => new { image_id = c.Id, caption = c.Caption, id }),
                images = pictures.Select(p => new { id = p.Id }),
            });
        }

        var all = Splits.Zip(splits).SelectMany(of => of.Second.Select(p => (Split: of.First, Picture: p)));
        WriteJson(Path.Combine(folder, "dataset_coco.json"), new
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

    // A row for each caption to train on, and to score on each image with its captions.
    private static void WriteBlip(string path, string prefix, DrawnPicture[][] splits)
    {
        WriteJson($"{path}_train.json", splits[0].SelectMany(p =>
            p.Captions.Select(caption => new { caption, image = p.File, image_id = $"{prefix}{p.Id}" })));
        foreach (var (split, pictures) in Splits.Zip(splits).Skip(1))
            WriteJson($"{path}_{split}.json", pictures.Select(p => new { image = p.File, caption = p.Captions }));
    }

    // The answers that are chosen among, and training about train2014, the rest about val2014.
    private static void WriteVqa(string folder, DrawnPicture[][] splits)
    {
        WriteJson(Path.Combine(folder, "answer_list.json"), ToyQuestions.Answers(splits[0]));
        WriteQuestions(folder, "train2014", splits[0]);
        WriteQuestions(folder, "val2014", [.. splits[1], .. splits[2]]);
    }

    // VQA v2's official form.
    private static void WriteQuestions(string folder, string subset, DrawnPicture[] pictures)
    {
        var all = pictures.SelectMany(p => p.Questions.Select((asked, n) => (Image: p.Id, Id: p.QuestionId(n), Asked: asked)));
        var info = new { description = "Questions about the toy world, in the form of VQA v2.", version = "2.0" };
        var license = new { url = "http://creativecommons.org/publicdomain/zero/1.0/", name = "CC0 1.0" };
        WriteJson(Path.Combine(folder, $"v2_OpenEnded_mscoco_{subset}_questions.json"), new
        {
            info,
            task_type = "Open-Ended",
            data_type = "mscoco",
            license,
            data_subtype = subset,
            questions = all.Select(q => new { image_id = q.Image, question = q.Asked.Text, question_id = q.Id }),
        });
        WriteJson(Path.Combine(folder, $"v2_mscoco_{subset}_annotations.json"), new
        {
            info,
            data_type = "mscoco",
            license,
            data_subtype = subset,
            annotations = all.Select(q => new
            {
                question_type = q.Asked.QuestionType,
                multiple_choice_answer = q.Asked.Answer,
                answers = q.Asked.Answers.Select((answer, n) => new
                {
                    answer, answer_confidence = answer == q.Asked.Answer ? "yes" : "maybe", answer_id = n + 1,
                }),
                image_id = q.Image,
                answer_type = q.Asked.AnswerType,
                question_id = q.Id,
            }),
        });
    }

    private static void WriteJson<T>(string path, T value) =>
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, value));
}
