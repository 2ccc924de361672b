namespace Madtp.Kit.Data;

/// <summary>An image with all its captions: what retrieval and captioning are evaluated on.</summary>
/// <param name="ImageId">COCO's number for it, or the file's name without its ending where there is none (Flickr30k).</param>
/// <param name="Captions">Usually five.</param>
public sealed record CaptionedImage(string ImagePath, string ImageId, IReadOnlyList<string> Captions);

/// <summary>One image with one caption: what retrieval and captioning are trained on.</summary>
/// <param name="ImageId">The image's name in the file; rows of one image share it.</param>
/// <param name="ImageNumber">The image's number, from 0 in order of appearance: pairs that share one match.</param>
public sealed record CaptionRow(string ImagePath, string Caption, string ImageId, int ImageNumber);

/// <summary>A split of COCO or Flickr30k, image by image. Reads, and tells by their content: BLIP's evaluation form (an array of
/// "image" with a list "caption"), BLIP's training form (an array with one "caption" a row, gathered by image), and Karpathy's
/// original (an object with "images", each with "split" and "sentences").</summary>
public static class CaptionImages
{
    /// <summary>Reads a split. Images are looked for when they are loaded, not here.</summary>
    /// <param name="imageFolder">What the file's image names are relative to.</param>
    /// <param name="splits">In Karpathy's form the splits that are wanted (training is "train" and "restval"); else none.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is malformed; the message names the line.</exception>
    public static IReadOnlyList<CaptionedImage> Load(string path, string imageFolder, params IReadOnlyList<string> splits)
    {
        var images = JsonList.IsArray(path) ? BlipForm(path, imageFolder) : KarpathyForm(path, imageFolder, splits);
        var wanted = splits.Count > 0 ? $" of split {string.Join(" or ", splits)}" : string.Empty;
        return images.Length > 0 ? images : throw new InvalidDataException($"{path}: no image{wanted}");
    }

    /// <summary>The captions of each image by COCO's number, in the file's order: what captions are scored against.</summary>
    /// <param name="path">COCO's annotations or BLIP's "…_gt.json": "annotations", each with "image_id" and "caption".</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is malformed; the message names the line.</exception>
    public static IReadOnlyDictionary<long, IReadOnlyList<string>> LoadTruth(string path)
    {
        using var annotations = new JsonList(path, "annotations");
        return annotations.GroupBy(record => record.Number("image_id"), record => record.Text("caption"))
            .ToDictionary(image => image.Key, captions => (IReadOnlyList<string>)[.. captions]);
    }

    /// <summary>The same images caption by caption, to train on.</summary>
    public static IReadOnlyList<CaptionRow> ToRows(this IReadOnlyList<CaptionedImage> images)
        => [.. images.SelectMany((image, number) =>
            image.Captions.Select(caption => new CaptionRow(image.ImagePath, caption, image.ImageId, number)))];

    /// <summary>COCO's number out of a name such as COCO_val2014_000000391895.jpg; other names stay, without ending.</summary>
    private static string IdOf(string imageName)
    {
        var name = Path.GetFileNameWithoutExtension(imageName);
        return name.StartsWith("COCO_", StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(name.LastIndexOf('_') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? $"{id}"
            : name;
    }

    private static CaptionedImage[] BlipForm(string path, string imageFolder)
    {
        using var records = new JsonList(path);
        return
        [
            .. from record in records
               let name = record.Text("image")
               group record.Texts("caption") by (Name: name, File: record.FileIn(imageFolder, name)) into image
               select new CaptionedImage(
                   image.Key.File, IdOf(image.Key.Name), [.. image.SelectMany(captions => captions)]),
        ];
    }

    private static CaptionedImage[] KarpathyForm(string path, string imageFolder, IReadOnlyList<string> splits)
    {
        Guard.Argument(splits.Count != 0,
            $"{path} holds all splits: say which are wanted (train, restval, val, test)", nameof(splits));
        using var records = new JsonList(path, "images");
        return
        [
            .. from record in records
               where splits.Contains(record.Text("split"))
               let file = record.Text("filename")
               let folder = record.Has("filepath") ? record.Text("filepath") : string.Empty
               select new CaptionedImage(
                   record.FileIn(imageFolder, folder, file),
                   record.Label("cocoid") ?? IdOf(file),
                   [.. record.Records("sentences").Select(sentence => sentence.Text("raw"))]),
        ];
    }
}

/// <summary>BLIP's training form of COCO and Flickr30k: an array of rows with "image", one "caption" and "image_id". Rows are
/// read when asked for; opening the 566,747 rows of COCO keeps 20 bytes of each.</summary>
public sealed class CaptionRows : FileList<CaptionRow>
{
    private CaptionRows(JsonList rows, int[] numbers, string imageFolder)
        : base(rows.Count, index => Row(rows[index], numbers[index], imageFolder), rows) => ImageNumbers = numbers;

    /// <summary>Each row's image, by number in order of appearance.</summary>
    public IReadOnlyList<int> ImageNumbers { get; }

    /// <summary>Opens a file of rows.</summary>
    /// <param name="imageFolder">What the file's image names are relative to.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no array, or a row names no image.</exception>
    public static CaptionRows Open(string path, string imageFolder)
    {
        var rows = new JsonList(path, property: null, ["image_id", "image"], out var images);
        var known = new Dictionary<string, int>();
        int NumberOf(string image) => known.TryGetValue(image, out var number) ? number : known[image] = known.Count;
        int[] numbers = [.. images.Select(NumberOf)];
        return new CaptionRows(rows, numbers, imageFolder);
    }

    private static CaptionRow Row(JsonRecord record, int number, string imageFolder)
    {
        var image = record.Text("image");
        return new CaptionRow(
            record.FileIn(imageFolder, image), record.Text("caption"), record.Label("image_id") ?? image, number);
    }
}
