using Madtp.Kit.Data.Batching;
using Madtp.Kit.Data.Captions;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Retrieval;

/// <summary>
/// A split of COCO or Flickr30k on disk: images are decoded when they are asked for, captions read and encoded likewise, so that
/// neither takes memory.
/// </summary>
public sealed class CaptionFiles : ICaptionedImages
{
    private readonly IReadOnlyList<CaptionRow> rows;
    private readonly TextEncoding text;
    private readonly TrainingImages<CaptionRow> images;
    private readonly int[] imageOfCaption;
    private readonly int[] firstCaption; // of each image

    /// <summary>A split over rows of captions, all of them or the first.</summary>
    /// <param name="rows">The captions with their images; disposed with the split where they can be.</param>
    /// <param name="text">How captions become tokens.</param>
    /// <param name="settings">How images are prepared.</param>
    /// <param name="count">How many of the rows there shall be, the first; all if null.</param>
    /// <exception cref="ArgumentException">There is no caption.</exception>
    public CaptionFiles(IReadOnlyList<CaptionRow> rows, TextEncoding text, TrainingImageSettings settings, int? count = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(settings);
        (this.rows, this.text) = (rows, text);
        images = new TrainingImages<CaptionRow>(rows, row => [row.ImagePath], settings);
        var numbers = (rows as CaptionRows)?.ImageNumbers ?? rows.Select(row => row.ImageNumber);
        imageOfCaption = [.. numbers.Take(count ?? rows.Count)];
        if (imageOfCaption.Length == 0)
        {
            throw new ArgumentException("a split without captions", nameof(rows));
        }

        firstCaption = new int[imageOfCaption.Max() + 1];
        for (var caption = imageOfCaption.Length - 1; caption >= 0; caption--)
        {
            firstCaption[imageOfCaption[caption]] = caption;
        }
    }

    /// <inheritdoc/>
    public int Images => firstCaption.Length;

    /// <inheritdoc/>
    public int Captions => imageOfCaption.Length;

    /// <inheritdoc/>
    public IReadOnlyList<int> ImageOfCaption => imageOfCaption;

    /// <inheritdoc/>
    public IReadOnlyList<string> Written(int image) => [.. imageOfCaption.Index().Where(caption => caption.Item == image).Select(caption => rows[caption.Index].Caption)];

    /// <inheritdoc/>
    public string ImageId(int image) => rows[firstCaption[image]].ImageId;

    /// <inheritdoc/>
    public int TextLength(int caption) => Tokens(caption).Length;

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    public Tensor Pixels(IReadOnlyList<int> of, Device? device = null) => images.Plain([.. of.Select(image => firstCaption[image])], device);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    public Tensor TrainingPixels(int epoch, ReadOnlySpan<int> captions, Device? device = null) => images.Augmented(epoch, captions, device);

    /// <inheritdoc/>
    public (Tensor Ids, Tensor Mask) Texts(IReadOnlyList<int> captions, Device? device = null) => text.Batch([.. captions.Select(Tokens)], device);

    /// <summary>Null: what a photograph's patches show is not known.</summary>
    public Tensor? PatchClasses(IReadOnlyList<int> of, Device? device = null) => null;

    /// <inheritdoc/>
    public void Foresee(IEnumerable<PlannedBatch> plan) => images.Foresee(plan);

    /// <inheritdoc/>
    public void Dispose()
    {
        images.Dispose();
        (rows as IDisposable)?.Dispose();
    }

    private int[] Tokens(int caption) => text.Tokens(rows[caption].Caption);
}
