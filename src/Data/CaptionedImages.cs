using System.Text.Json.Serialization;
using Madtp.Kit.Text;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>A split of captioned images. An example is a caption with its image; images have numbers of their own.</summary>
public class CaptionedImages : DataSplit
{
    private readonly int[] imageOfCaption;
    private readonly int[] firstCaption; // of each image
    private readonly IReadOnlyList<CaptionRow>? rows;

    /// <summary>Takes over the bytes of I images and the tokens of their captions, for images small enough.</summary>
    /// <param name="pixels">Red, green and blue of every pixel, <c>[I, H, W, 3]</c>.</param>
    /// <param name="captions">Token ids of every caption of every image; short ones are filled up with 0.</param>
    /// <param name="patchClasses">What each patch shows, <c>[I, patches]</c>; null where it is not known.</param>
    /// <param name="namedCounts">See <see cref="DataSplit.NamedCounts"/>, of each caption; null where it is not known.</param>
    /// <exception cref="ArgumentException">Pixels and captions are not of the same images.</exception>
    public CaptionedImages(
        byte[] pixels, int size, IReadOnlyList<IReadOnlyList<int[]>> captions, byte[]? patchClasses = null,
        IReadOnlyList<sbyte[]>? namedCounts = null)
        : this(
            ImageOf(captions), Drawn(pixels, size, captions, patchClasses), captions.SelectMany(of => of).ToArray().ElementAt,
            namedCounts: namedCounts)
    {
    }

    /// <summary>A split of COCO or Flickr30k on disk: images are read when they are asked for.</summary>
    /// <param name="rows">The captions with their images.</param>
    /// <param name="count">How many of the rows there shall be, the first; all if null.</param>
    /// <exception cref="ArgumentException">There is no caption.</exception>
    public CaptionedImages(IReadOnlyList<CaptionRow> rows, TextEncoding text, TrainingImageSettings settings, int? count = null)
        : this(
            [.. rows.Select(row => row.ImageNumber).Take(count ?? rows.Count)],
            new ImageFiles(row => [rows[row].ImagePath], settings), caption => text.Tokens(rows[caption].Caption), text) =>
        this.rows = rows;

    private protected CaptionedImages(
        int[] imageOfCaption, SplitImages images, Func<int, int[]> tokens, TextEncoding? text = null,
        IReadOnlyList<sbyte[]>? namedCounts = null)
        : base(images, tokens, text?.PaddingId ?? 0, text?.Width, namedCounts)
    {
        Guard.Argument(imageOfCaption.Length != 0, $"a split without captions", nameof(imageOfCaption));
        (this.imageOfCaption, firstCaption) = (imageOfCaption, new int[imageOfCaption.Max() + 1]);
        for (var caption = Captions - 1; caption >= 0; caption--)
            firstCaption[imageOfCaption[caption]] = caption;
    }

    /// <summary>I, how many images there are.</summary>
    public int Images => firstCaption.Length;

    /// <summary>T, how many captions there are.</summary>
    public int Captions => imageOfCaption.Length;

    public override int Count => Captions;

    public IReadOnlyList<int> ImageOfCaption => imageOfCaption;

    /// <summary>An image's captions as people wrote them; null where only their tokens are known.</summary>
    public IReadOnlyList<string>? Written(int image) => rows is null ? null :
        [.. imageOfCaption.Index().Where(caption => caption.Item == image).Select(caption => rows[caption.Index].Caption)];

    /// <summary>The name by which the official evaluation knows an image; null where there is none.</summary>
    public string? ImageId(int image) => rows?[firstCaption[image]].ImageId;

    /// <summary>Normalised pixels of some images as they are, <c>[B, 3, H, W]</c>.</summary>
    public Tensor Pixels(IReadOnlyList<int> of, Device? device = null) =>
        Pictures.Plain([.. of.Select(image => firstCaption[image])], device);

    /// <summary>Normalised pixels of some captions' images as an epoch of training sees them, <c>[B, 3, H, W]</c>: augmented,
    /// where they come from files.</summary>
    public Tensor TrainingPixels(int epoch, ReadOnlySpan<int> captions, Device? device = null) =>
        Pictures.Augmented(epoch, captions, device);

    private static int[] ImageOf(IReadOnlyList<IReadOnlyList<int[]>> captions) =>
        [.. captions.SelectMany((of, image) => Enumerable.Repeat(image, of.Count))];

    private static DrawnImages Drawn(
        byte[] pixels, int size, IReadOnlyList<IReadOnlyList<int[]>> captions, byte[]? patchClasses)
    {
        Guard.Argument(captions.Any(of => of.Count > 0), $"a split without captions", nameof(captions));
        var bytes = 3L * captions.Count * size * size;
        Guard.Argument(pixels.LongLength == bytes,
            $"{captions.Count} images of {size}² pixels have {bytes} bytes, not {pixels.LongLength}");
        return new DrawnImages(pixels, size, patchClasses, ImageOf(captions));
    }
}

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
        var silent = Array.Find(images, image => image.Captions.Count == 0);
        Guard.Data(silent is null, $"{path}: image {Printable.Quoted(silent?.ImagePath ?? "")} has no caption");
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
        return Truth(annotations);
    }

    internal static IReadOnlyDictionary<long, IReadOnlyList<string>> Truth(JsonList annotations) =>
        annotations.ReadAll<TruthRow>().GroupBy(row => row.ImageId, row => row.Caption)
            .ToDictionary(image => image.Key, captions => (IReadOnlyList<string>)[.. captions]);

    /// <summary>The same images caption by caption, to train on.</summary>
    public static IReadOnlyList<CaptionRow> ToRows(this IReadOnlyList<CaptionedImage> images)
        => [.. images.SelectMany((image, number) =>
            image.Captions.Select(caption => new CaptionRow(image.ImagePath, caption, image.ImageId, number)))];

    /// <summary>Reads BLIP's training form, an array of rows with "image", one "caption" and "image_id", in the file's
    /// order.</summary>
    /// <param name="imageFolder">What the file's image names are relative to.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is malformed; the message names the line.</exception>
    public static IReadOnlyList<CaptionRow> LoadRows(string path, string imageFolder)
    {
        using var file = new JsonList(path);
        Guard.Data(file.Count > 0, $"{path}: no caption");
        var numbers = new Dictionary<string, int>();
        return [.. file.Select((TrainingRow row, int _) =>
        {
            var id = row.ImageId ?? row.Image;
            var number = numbers.TryGetValue(id, out var known) ? known : numbers[id] = numbers.Count;
            return new CaptionRow(JsonRecord.FileIn(imageFolder, row.Image), row.Caption, id, number);
        })];
    }

    /// <summary>COCO's number out of a name such as COCO_val2014_000000391895.jpg; other names stay, without ending.</summary>
    private static string IdOf(string imageName)
    {
        var name = Path.GetFileNameWithoutExtension(imageName);
        return name.StartsWith("COCO_", StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(name.LastIndexOf('_') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? $"{id}" : name;
    }

    private static CaptionedImage[] BlipForm(string path, string imageFolder)
    {
        using var file = new JsonList(path);
        var rows = file.Select((BlipRow row, int _) => (row.Image, row.Caption, File: JsonRecord.FileIn(imageFolder, row.Image)));
        return [.. rows.GroupBy(row => row.File).Select(image => new CaptionedImage(
            image.Key, IdOf(image.First().Image), [.. image.SelectMany(row => row.Caption)]))];
    }

    private static CaptionedImage[] KarpathyForm(string path, string imageFolder, IReadOnlyList<string> splits)
    {
        Guard.Argument(splits.Count != 0,
            $"{path} holds all splits: say which are wanted (train, restval, val, test)", nameof(splits));
        using var file = new JsonList(path, "images");
        return [.. file.Select((KarpathyRow row, int _) => !splits.Contains(row.Split) ? null : new CaptionedImage(
            JsonRecord.FileIn(imageFolder, row.Filepath, row.Filename), row.Cocoid ?? IdOf(row.Filename),
            [.. row.Sentences.Select(sentence => sentence.Raw)])).OfType<CaptionedImage>()];
    }

    // Elements of the files.
    private sealed record TruthRow(long ImageId, string Caption);

    private sealed record BlipRow(string Image, string[] Caption);

    private sealed record TrainingRow(string Image, string Caption, string? ImageId = null);

    private sealed record KarpathyRow(
        string Split, string Filename, SentenceRow[] Sentences, string Filepath = "", string? Cocoid = null);

    [method: JsonConstructor] // a structure, so that none is null
    private readonly record struct SentenceRow(string Raw);
}
