using System.Text.Json;

namespace Madtp.Kit.Data.Toy;

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
