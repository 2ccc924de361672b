using System.Security.Cryptography;
using System.Text.Json;

namespace Madtp.Kit.Data.Toy;

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
