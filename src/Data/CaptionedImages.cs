using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>A split of captioned images as models read them, decoded in memory or on disk. An example is a caption with its
/// image. Images and captions go by their numbers; tensors lie on the processor where no device is named.</summary>
public sealed class CaptionedImages : ISplit
{
    private readonly SplitImages images; // by caption
    private readonly int[] imageOfCaption;
    private readonly int[] firstCaption; // of each image
    private readonly Func<int, int[]> tokens;
    private readonly int paddingId;
    private readonly int? width;
    private readonly IDisposable? file;
    private readonly IReadOnlyList<CaptionRow>? rows;

    /// <summary>Takes over the bytes of I images and the tokens of their captions, for images small enough.</summary>
    /// <param name="pixels">Red, green and blue of every pixel, <c>[I, H, W, 3]</c>.</param>
    /// <param name="size">H and W.</param>
    /// <param name="captions">Token ids of every caption of every image; short ones are filled up with 0.</param>
    /// <param name="patchClasses">What each patch shows, <c>[I, patches]</c>; null where it is not known.</param>
    /// <exception cref="ArgumentException">Pixels and captions are not of the same images.</exception>
    public CaptionedImages(byte[] pixels, int size, IReadOnlyList<IReadOnlyList<int[]>> captions, byte[]? patchClasses = null)
        : this(
            captions.SelectMany((of, image) => Enumerable.Repeat(image, of.Count)),
            imageOf => pixels.LongLength == 3L * captions.Count * size * size
                ? new DrawnImages(pixels, size, patchClasses, imageOf)
                : throw new ArgumentException($"{captions.Count} images of {size}² pixels have "
                    + $"{3L * captions.Count * size * size} bytes, not {pixels.LongLength}"),
            captions.SelectMany(of => of).ToArray().ElementAt)
    {
    }

    /// <summary>A split of COCO or Flickr30k on disk: images and captions are read when they are asked for.</summary>
    /// <param name="rows">The captions with their images; disposed with the split where they can be.</param>
    /// <param name="count">How many of the rows there shall be, the first; all if null.</param>
    /// <exception cref="ArgumentException">There is no caption.</exception>
    public CaptionedImages(IReadOnlyList<CaptionRow> rows, TextEncoding text, TrainingImageSettings settings, int? count = null)
        : this(
            ((rows as CaptionRows)?.ImageNumbers ?? rows.Select(row => row.ImageNumber)).Take(count ?? rows.Count),
            _ => new ImageFiles(row => [rows[row].ImagePath], settings),
            caption => text.Tokens(rows[caption].Caption),
            text) => (this.rows, file) = (rows, rows as IDisposable);

    /// <summary>Questions on disk in place of captions, each with an image of its own.</summary>
    internal CaptionedImages(IReadOnlyList<VqaExample> questions, TextEncoding text, TrainingImageSettings settings, int count)
        : this(
            Enumerable.Range(0, count),
            _ => new ImageFiles(question => [questions[question].ImagePath], settings),
            question => text.Tokens(questions[question].Question),
            text) => file = questions as IDisposable;

    private CaptionedImages(
        IEnumerable<int> imageOfCaption, Func<int[], SplitImages> images, Func<int, int[]> tokens, TextEncoding? text = null)
    {
        this.imageOfCaption = [.. imageOfCaption];
        Guard.Argument(this.imageOfCaption.Length != 0, $"a split without captions", nameof(imageOfCaption));
        (this.images, this.tokens) = (images(this.imageOfCaption), tokens);
        (paddingId, width) = (text?.PaddingId ?? 0, text?.Width);
        firstCaption = new int[this.imageOfCaption.Max() + 1];
        for (var caption = Captions - 1; caption >= 0; caption--)
        {
            firstCaption[this.imageOfCaption[caption]] = caption;
        }
    }

    /// <summary>I, how many images there are.</summary>
    public int Images => firstCaption.Length;

    /// <summary>T, how many captions there are.</summary>
    public int Captions => imageOfCaption.Length;

    int ISplit.Count => Captions;

    /// <summary>Each caption's image.</summary>
    public IReadOnlyList<int> ImageOfCaption => imageOfCaption;

    /// <summary>An image's captions as people wrote them; null where only their tokens are known.</summary>
    public IReadOnlyList<string>? Written(int image) => rows is null ? null :
        [.. imageOfCaption.Index().Where(caption => caption.Item == image).Select(caption => rows[caption.Index].Caption)];

    /// <summary>The name by which the official evaluation knows an image; null where there is none.</summary>
    public string? ImageId(int image) => rows?[firstCaption[image]].ImageId;

    /// <summary>Tokens of one caption, padding left out.</summary>
    public int TextLength(int caption) => tokens(caption).Length;

    /// <summary>Normalised pixels of some images as they are, <c>[B, 3, H, W]</c>.</summary>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    public Tensor Pixels(IReadOnlyList<int> of, Device? device = null) => images.Plain(FirstCaptions(of), device);

    /// <summary>Normalised pixels of some captions' images as an epoch of training sees them, <c>[B, 3, H, W]</c>: augmented,
    /// where they come from files.</summary>
    /// <exception cref="InvalidDataException">An image is broken; the message names it.</exception>
    /// <exception cref="FileNotFoundException">An image is missing; the message names it.</exception>
    public Tensor TrainingPixels(int epoch, ReadOnlySpan<int> captions, Device? device = null) =>
        images.Augmented(epoch, captions, device);

    /// <summary>Ids and mask of some captions, each <c>[B, N]</c>, no wider than the longest of them, or of the batch that they
    /// are a part of.</summary>
    public (Tensor Ids, Tensor Mask) Texts(IReadOnlyList<int> captions, Device? device = null) =>
        TextEncoding.Batch([.. captions.Select(tokens)], paddingId, width ?? BatchPart.Longest(TextLength), device);

    /// <summary>What each patch of some images shows, <c>[B, patches]</c> int64; null where it is not known.</summary>
    public Tensor? PatchClasses(IReadOnlyList<int> of, Device? device = null) => images.PatchClasses(FirstCaptions(of), device);

    /// <summary>Told what <see cref="TrainingPixels"/> will be asked for, in order, so that files are read ahead; an empty plan
    /// ends that.</summary>
    public void Prefetch(IEnumerable<PlannedBatch> plan) => images.Prefetch(plan);

    /// <summary>Frees the images, closes the file, and stops reading ahead.</summary>
    public void Dispose()
    {
        images.Dispose();
        file?.Dispose();
    }

    private int[] FirstCaptions(IReadOnlyList<int> of) => [.. of.Select(image => firstCaption[image])];
}
