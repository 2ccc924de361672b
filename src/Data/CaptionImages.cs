using System.Collections;
using System.Globalization;

namespace Madtp.Kit.Data;

/// <summary>An image with all its captions: what retrieval and captioning are evaluated on.</summary>
/// <param name="ImagePath">The image's file.</param>
/// <param name="ImageId">COCO's number for it, or the file's name without its ending where there is none (Flickr30k).</param>
/// <param name="Captions">Usually five.</param>
public sealed record CaptionedImage(string ImagePath, string ImageId, IReadOnlyList<string> Captions);

/// <summary>
/// A split of COCO or Flickr30k, image by image. Reads, and tells by their content: BLIP's evaluation form (an array of
/// "image" with a list "caption"), BLIP's training form (an array with one "caption" a row, gathered by image), Karpathy's
/// original (an object with "images", each with "split" and "sentences"), and COCO's own annotations (an object with "images"
/// and "annotations").
/// </summary>
public sealed class CaptionImages : IReadOnlyList<CaptionedImage>
{
    private readonly List<CaptionedImage> images;

    private CaptionImages(List<CaptionedImage> images) => this.images = images;

    /// <summary>How many images there are.</summary>
    public int Count => images.Count;

    /// <summary>An image, in the file's order.</summary>
    /// <param name="index">From 0.</param>
    public CaptionedImage this[int index] => images[index];

    /// <summary>Reads a split. Images are looked for when they are loaded, not here.</summary>
    /// <param name="path">The annotation file.</param>
    /// <param name="imageFolder">What the file's image names are relative to.</param>
    /// <param name="splits">In Karpathy's form the splits that are wanted (training is "train" and "restval"); elsewhere none.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is malformed; the message names the line.</exception>
    public static CaptionImages Load(string path, string imageFolder, params IReadOnlyList<string> splits)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(imageFolder);
        ArgumentNullException.ThrowIfNull(splits);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"no captions at '{path}'", path);
        }

        List<CaptionedImage> images =
            JsonArrayScanner.FirstCharacter(path) == '[' ? BlipForm(path, imageFolder)
            : JsonArrayScanner.HasProperty(path, "annotations") ? CocoForm(path, imageFolder)
            : KarpathyForm(path, imageFolder, splits);
        return images.Count > 0
            ? new CaptionImages(images)
            : throw new InvalidDataException($"{path}: no image{(splits.Count > 0 ? $" of split {string.Join(" or ", splits)}" : string.Empty)}");
    }

    /// <summary>The same images caption by caption, to train on.</summary>
    public IReadOnlyList<CaptionRow> ToRows()
        => [.. images.SelectMany((image, number) => image.Captions.Select(c => new CaptionRow(image.ImagePath, c, image.ImageId, number)))];

    /// <inheritdoc/>
    public IEnumerator<CaptionedImage> GetEnumerator() => images.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>COCO's number out of a name such as COCO_val2014_000000391895.jpg; other names stay as they are, without ending.</summary>
    internal static string IdOf(string imageName)
    {
        var name = Path.GetFileNameWithoutExtension(imageName);
        var number = name[(name.LastIndexOf('_') + 1)..];
        return name.StartsWith("COCO_", StringComparison.Ordinal) && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id.ToString(CultureInfo.InvariantCulture)
            : name;
    }

    private static List<CaptionedImage> BlipForm(string path, string imageFolder)
    {
        var captions = new Dictionary<string, List<string>>();
        var order = new List<string>();
        foreach (var record in JsonArrayScanner.Records(path))
        {
            var image = record.Text("image");
            if (!captions.TryGetValue(image, out var known))
            {
                captions[image] = known = [];
                order.Add(image);
            }

            known.AddRange(record.Texts("caption"));
        }

        return [.. order.Select(image => new CaptionedImage(Path.Combine(imageFolder, image), IdOf(image), captions[image]))];
    }

    private static List<CaptionedImage> KarpathyForm(string path, string imageFolder, IReadOnlyList<string> splits)
    {
        if (splits.Count == 0)
        {
            throw new ArgumentException($"{path} holds all splits: say which are wanted (train, restval, val, test)", nameof(splits));
        }

        var images = new List<CaptionedImage>();
        foreach (var record in JsonArrayScanner.Records(path, "images"))
        {
            if (splits.Contains(record.Text("split")))
            {
                var file = record.Text("filename");
                var place = Path.Combine(imageFolder, record.Has("filepath") ? record.Text("filepath") : string.Empty, file);
                images.Add(new CaptionedImage(place, record.Label("cocoid") ?? IdOf(file), [.. record.Records("sentences").Select(s => s.Text("raw"))]));
            }
        }

        return images;
    }

    private static List<CaptionedImage> CocoForm(string path, string imageFolder)
    {
        var captions = CocoCaptions.Load(path);
        var images = new List<CaptionedImage>();
        foreach (var record in JsonArrayScanner.Records(path, "images"))
        {
            var id = record.Number("id");
            if (captions.TryGetValue(id, out var known))
            {
                // BLIP's ground-truth files name no image files.
                var file = record.Has("file_name") ? record.Text("file_name") : $"{id}";
                images.Add(new CaptionedImage(Path.Combine(imageFolder, file), id.ToString(CultureInfo.InvariantCulture), known));
            }
        }

        return images;
    }
}

/// <summary>The ground truth that captions are scored against: COCO's annotation files, and BLIP's "…_gt.json" of the same form.</summary>
public static class CocoCaptions
{
    /// <summary>The captions of each image, by COCO's image number, in the file's order.</summary>
    /// <param name="path">A file with "annotations", each with "image_id" and "caption".</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is malformed; the message names the line.</exception>
    public static IReadOnlyDictionary<long, IReadOnlyList<string>> Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"no captions at '{path}'", path);
        }

        var captions = new Dictionary<long, IReadOnlyList<string>>();
        foreach (var record in JsonArrayScanner.Records(path, "annotations"))
        {
            var image = record.Number("image_id");
            if (!captions.TryGetValue(image, out var known))
            {
                captions[image] = known = new List<string>();
            }

            ((List<string>)known).Add(record.Text("caption"));
        }

        return captions;
    }
}
