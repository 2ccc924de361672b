using System.Globalization;

namespace Madtp.Kit.Data;

/// <summary>An image with all its captions: what retrieval and captioning are evaluated on.</summary>
/// <param name="ImagePath">The image's file.</param>
/// <param name="ImageId">COCO's number for it, or the file's name without its ending where there is none (Flickr30k).</param>
/// <param name="Captions">Usually five.</param>
public sealed record CaptionedImage(string ImagePath, string ImageId, IReadOnlyList<string> Captions);

/// <summary>One image with one caption: what retrieval and captioning are trained on.</summary>
/// <param name="ImagePath">The image's file.</param>
/// <param name="Caption">The caption, as written.</param>
/// <param name="ImageId">The image's name in the file; rows of one image share it.</param>
/// <param name="ImageNumber">The image's number, from 0 in order of appearance: which pairs count as matches of one
/// another.</param>
public sealed record CaptionRow(string ImagePath, string Caption, string ImageId, int ImageNumber);

/// <summary>
/// A split of COCO or Flickr30k, image by image. Reads, and tells by their content: BLIP's evaluation form (an array of "image"
/// with a
/// list "caption"), BLIP's training form (an array with one "caption" a row, gathered by image), Karpathy's original (an object
/// with
/// "images", each with "split" and "sentences"), and COCO's own annotations (an object with "images" and "annotations").
/// </summary>
public static class CaptionImages
{
    /// <summary>Reads a split. Images are looked for when they are loaded, not here.</summary>
    /// <param name="path">The annotation file.</param>
    /// <param name="imageFolder">What the file's image names are relative to.</param>
    /// <param name="splits">In Karpathy's form the splits that are wanted (training is "train" and "restval"); elsewhere
    /// none.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is malformed; the message names the line.</exception>
    public static IReadOnlyList<CaptionedImage> Load(string path, string imageFolder, params IReadOnlyList<string> splits)
    {
        IReadOnlyList<CaptionedImage> images = JsonList.IsArray(path) ? BlipForm(path, imageFolder)
            : JsonList.Properties(path).ContainsKey("annotations") ? CocoForm(path, imageFolder)
            : KarpathyForm(path, imageFolder, splits);
        return images.Count > 0
            ? images
            : throw new InvalidDataException($"{path}: no image{(splits.Count > 0 ? $" of split {string.Join(" or ", splits)}" : string.Empty)}");
    }

    /// <summary>The captions of each image by COCO's image number, in the file's order: what captions are scored
    /// against.</summary>
    /// <param name="path">COCO's annotations or BLIP's "…_gt.json": "annotations", each with "image_id" and "caption".</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is malformed; the message names the line.</exception>
    public static IReadOnlyDictionary<long, IReadOnlyList<string>> LoadTruth(string path)
    {
        using var annotations = new JsonList(path, "annotations");
        return annotations.Select(record => (Image: record.Number("image_id"), Caption: record.Text("caption"))).GroupBy(one => one.Image)
            .ToDictionary(of => of.Key, of => (IReadOnlyList<string>)[.. of.Select(one => one.Caption)]);
    }

    /// <summary>The same images caption by caption, to train on.</summary>
    public static IReadOnlyList<CaptionRow> ToRows(this IReadOnlyList<CaptionedImage> images)
        => [.. images.SelectMany((image, number) => image.Captions.Select(c => new CaptionRow(image.ImagePath, c, image.ImageId, number)))];

    /// <summary>COCO's number out of a name such as COCO_val2014_000000391895.jpg; other names stay as they are, without
    /// ending.</summary>
    private static string IdOf(string imageName)
    {
        var name = Path.GetFileNameWithoutExtension(imageName);
        var number = name[(name.LastIndexOf('_') + 1)..];
        return name.StartsWith("COCO_", StringComparison.Ordinal) && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? $"{id}"
            : name;
    }

    private static CaptionedImage[] BlipForm(string path, string imageFolder)
    {
        using var records = new JsonList(path);
        return [.. records.Select(record => (Image: record.Text("image"), Captions: record.Texts("caption"))).GroupBy(one => one.Image)
            .Select(of => new CaptionedImage(Path.Combine(imageFolder, of.Key), IdOf(of.Key), [.. of.SelectMany(one => one.Captions)]))];
    }

    private static CaptionedImage[] KarpathyForm(string path, string imageFolder, IReadOnlyList<string> splits)
    {
        if (splits.Count == 0)
        {
            throw new ArgumentException($"{path} holds all splits: say which are wanted (train, restval, val, test)", nameof(splits));
        }

        using var records = new JsonList(path, "images");
        return [.. records.Where(record => splits.Contains(record.Text("split"))).Select(record =>
        {
            var file = record.Text("filename");
            var place = Path.Combine(imageFolder, record.Has("filepath") ? record.Text("filepath") : string.Empty, file);
            return new CaptionedImage(place, record.Label("cocoid") ?? IdOf(file), [.. record.Records("sentences").Select(s => s.Text("raw"))]);
        })];
    }

    private static CaptionedImage[] CocoForm(string path, string imageFolder)
    {
        var captions = LoadTruth(path);
        using var records = new JsonList(path, "images");
        return [.. from record in records
                   let id = record.Number("id")
                   where captions.ContainsKey(id)
                   let file = record.Has("file_name") ? record.Text("file_name") : $"{id}" // BLIP's ground truth names no files
                   select new CaptionedImage(Path.Combine(imageFolder, file), $"{id}", captions[id])];
    }
}

/// <summary>
/// BLIP's training form of COCO and Flickr30k: an array of rows with "image", one "caption" and "image_id". Rows are read when
/// asked for; opening the 566,747 rows of COCO keeps 20 bytes of each.
/// </summary>
public sealed class CaptionRows : FileList<CaptionRow>
{
    private readonly int[] numbers;

    private CaptionRows(JsonList rows, int[] numbers, string imageFolder)
        : base(rows.Count, index => Row(rows[index], numbers[index], imageFolder), rows) => this.numbers = numbers;

    /// <summary>Each row's image, by number in order of appearance.</summary>
    public IReadOnlyList<int> ImageNumbers => numbers;

    /// <summary>Opens a file of rows.</summary>
    /// <param name="path">The annotation file.</param>
    /// <param name="imageFolder">What the file's image names are relative to.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no array, or a row names no image.</exception>
    public static CaptionRows Open(string path, string imageFolder)
    {
        var named = new List<string>(); // every row's image: its "image_id", or its "image" where it has none
        var hasId = -1;
        var rows = new JsonList(path, property: null, ["image_id", "image"], (row, property, value) =>
        {
            if (row == named.Count)
            {
                named.Add(value);
            }
            else if (row < named.Count && property == "image_id" && hasId < row)
            {
                named[row] = value;
            }

            hasId = property == "image_id" ? row : hasId;
        });
        if (named.Count < rows.Count)
        {
            rows.Dispose();
            throw new InvalidDataException($"{path}: entry {named.Count + 1} names no image");
        }

        var known = new Dictionary<string, int>();
        return new CaptionRows(rows, [.. named.Select(image => known.TryGetValue(image, out var number) ? number : known[image] = known.Count)], imageFolder);
    }

    private static CaptionRow Row(JsonRecord record, int number, string imageFolder)
    {
        var image = record.Text("image");
        return new CaptionRow(Path.Combine(imageFolder, image), record.Text("caption"), record.Label("image_id") ?? image, number);
    }
}
