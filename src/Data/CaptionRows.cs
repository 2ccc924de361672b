using System.Collections;

namespace Madtp.Kit.Data;

/// <summary>One image with one caption: what retrieval and captioning are trained on.</summary>
/// <param name="ImagePath">The image's file.</param>
/// <param name="Caption">The caption, as written.</param>
/// <param name="ImageId">The image's name in the file; rows of one image share it.</param>
/// <param name="ImageNumber">The image's number, from 0 in order of appearance: which pairs count as matches of one another.</param>
public sealed record CaptionRow(string ImagePath, string Caption, string ImageId, int ImageNumber);

/// <summary>
/// BLIP's training form of COCO and Flickr30k: an array of rows with "image", one "caption" and "image_id". Rows are read when
/// asked for; opening the 566,747 rows of COCO keeps 20 bytes of each.
/// </summary>
public sealed class CaptionRows : IReadOnlyList<CaptionRow>, IDisposable
{
    private readonly JsonIndex index;
    private readonly int[] imageNumbers;
    private readonly string imageFolder;

    private CaptionRows(JsonIndex index, int[] imageNumbers, int images, string imageFolder)
    {
        this.index = index;
        this.imageNumbers = imageNumbers;
        this.imageFolder = imageFolder;
        Images = images;
    }

    /// <summary>How many rows there are.</summary>
    public int Count => index.Count;

    /// <summary>How many different images the rows show.</summary>
    public int Images { get; }

    /// <summary>Each row's image, by number in order of appearance.</summary>
    public IReadOnlyList<int> ImageNumbers => imageNumbers;

    /// <summary>A row, read from the file.</summary>
    /// <param name="index">From 0.</param>
    /// <exception cref="InvalidDataException">The row is malformed; the message names file and line.</exception>
    public CaptionRow this[int index]
    {
        get
        {
            var record = this.index[index];
            var image = record.Text("image");
            return new CaptionRow(Path.Combine(imageFolder, image), record.Text("caption"), record.Label("image_id") ?? image, imageNumbers[index]);
        }
    }

    /// <summary>Opens a file of rows.</summary>
    /// <param name="path">The annotation file.</param>
    /// <param name="imageFolder">What the file's image names are relative to.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no array, or a row names no image.</exception>
    public static CaptionRows Open(string path, string imageFolder)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(imageFolder);
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"no captions at '{path}'", path);
        }

        var known = new Dictionary<string, int>();
        var numbers = new List<int>();
        var index = JsonIndex.Open(path, property: null, (number, json) =>
        {
            var image = JsonPeek.Text(json, "image_id"u8) ?? JsonPeek.Number(json, "image_id"u8)?.ToString() ?? JsonPeek.Text(json, "image"u8)
                ?? throw new InvalidDataException($"{path}: entry {number + 1} names no image");
            if (!known.TryGetValue(image, out var imageNumber))
            {
                known[image] = imageNumber = known.Count;
            }

            numbers.Add(imageNumber);
        });
        return new CaptionRows(index, [.. numbers], known.Count, imageFolder);
    }

    /// <inheritdoc/>
    public IEnumerator<CaptionRow> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Closes the file.</summary>
    public void Dispose() => index.Dispose();
}
