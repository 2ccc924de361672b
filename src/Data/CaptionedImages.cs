using Madtp.Kit.Data.Images;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>
/// A split of captioned images as models read them, decoded in memory (<see cref="CaptionedImages"/>) or on disk
/// (<see cref="CaptionFiles"/>). An example is a caption with its image.
/// </summary>
public interface ICaptionedImages : IDisposable
{
    /// <summary>I, how many images there are.</summary>
    int Images { get; }

    /// <summary>T, how many captions there are.</summary>
    int Captions { get; }

    /// <summary>Each caption's image.</summary>
    IReadOnlyList<int> ImageOfCaption { get; }

    /// <summary>Tokens of one caption, padding left out.</summary>
    int TextLength(int caption);

    /// <summary>Normalised pixels of some images as they are, <c>[B, 3, H, W]</c>.</summary>
    /// <param name="of">The images' numbers.</param>
    /// <param name="device">Where the tensor shall be; the processor where null.</param>
    Tensor Pixels(IReadOnlyList<int> of, Device? device = null);

    /// <summary>Normalised pixels of some captions' images as training sees them, <c>[B, 3, H, W]</c>: augmented, where images come from files.</summary>
    /// <param name="epoch">The epoch, which decides the augmentation.</param>
    /// <param name="captions">The captions' numbers.</param>
    /// <param name="device">Where the tensor shall be; the processor where null.</param>
    Tensor TrainingPixels(int epoch, ReadOnlySpan<int> captions, Device? device = null);

    /// <summary>Ids and mask of some captions, each <c>[B, N]</c>, no wider than the longest of them.</summary>
    /// <param name="captions">The captions' numbers.</param>
    /// <param name="device">Where the tensors shall be; the processor where null.</param>
    (Tensor Ids, Tensor Mask) Texts(IReadOnlyList<int> captions, Device? device = null);

    /// <summary>What each patch of some images shows, <c>[B, patches]</c> int64; null where it is not known.</summary>
    /// <param name="of">The images' numbers.</param>
    /// <param name="device">Where the tensor shall be; the processor where null.</param>
    Tensor? PatchClasses(IReadOnlyList<int> of, Device? device = null);

    /// <summary>Told what <see cref="TrainingPixels"/> will be asked for, in order, so that files are read ahead.</summary>
    /// <param name="plan">The batches; empty when there will be none.</param>
    void Foresee(IEnumerable<PlannedBatch> plan);
}

/// <summary>A split of captioned images kept decoded in memory, for images small enough: one byte a channel.</summary>
public sealed class CaptionedImages : ICaptionedImages
{
    private readonly Tensor images;
    private readonly Tensor ids;
    private readonly Tensor? patchClasses;
    private readonly Tensor mean;
    private readonly Tensor deviation;
    private readonly int[] lengths;
    private readonly int[] imageOfCaption;

    /// <summary>Takes over the bytes of I images and the tokens of their captions.</summary>
    /// <param name="pixels">Red, green and blue of every pixel, <c>[I, H, W, 3]</c>.</param>
    /// <param name="size">H and W.</param>
    /// <param name="captions">Token ids of every caption of every image.</param>
    /// <param name="patchClasses">What each patch shows, <c>[I, patches]</c>; null where it is not known.</param>
    /// <param name="paddingId">Id that fills short captions up.</param>
    /// <exception cref="ArgumentException">Pixels and captions are not of the same images.</exception>
    public CaptionedImages(byte[] pixels, int size, IReadOnlyList<IReadOnlyList<int[]>> captions, byte[]? patchClasses = null, int paddingId = 0)
    {
        Images = captions.Count;
        if (pixels.LongLength != (long)Images * size * size * 3)
        {
            throw new ArgumentException($"{Images} images of {size}² pixels have {(long)Images * size * size * 3} bytes, not {pixels.LongLength}", nameof(pixels));
        }

        imageOfCaption = [.. captions.SelectMany((of, image) => Enumerable.Repeat(image, of.Count))];
        int[][] tokens = [.. captions.SelectMany(of => of)];
        lengths = [.. tokens.Select(caption => caption.Length)];
        using var scope = NewDisposeScope();
        images = tensor(pixels, [Images, size, size, 3]).permute(0, 3, 1, 2).contiguous().DetachFromDisposeScope(); // [I, 3, H, W]
        ids = tensor(Padded(tokens, lengths.Max(), paddingId), [tokens.Length, lengths.Max()]).DetachFromDisposeScope(); // [T, N]
        this.patchClasses = patchClasses is null ? null : tensor(patchClasses, [Images, patchClasses.Length / Images]).DetachFromDisposeScope();
        var normalization = ImageNormalization.Clip;
        mean = tensor(normalization.Mean.Select(m => m * 255).ToArray()).view(1, 3, 1, 1).DetachFromDisposeScope();
        deviation = tensor(normalization.Deviation.Select(d => d * 255).ToArray()).view(1, 3, 1, 1).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public int Images { get; }

    /// <inheritdoc/>
    public int Captions => lengths.Length;

    /// <inheritdoc/>
    public IReadOnlyList<int> ImageOfCaption => imageOfCaption;

    /// <inheritdoc/>
    public int TextLength(int caption) => lengths[caption];

    /// <inheritdoc/>
    public Tensor Pixels(IReadOnlyList<int> of, Device? device = null)
    {
        using var scope = NewDisposeScope();
        return ((images.index_select(0, Index(of)).to(float32) - mean) / deviation).On(device).MoveToOuterDisposeScope();
    }

    /// <summary>Normalised pixels of some captions' images, <c>[B, 3, H, W]</c>; in memory nothing is augmented.</summary>
    public Tensor TrainingPixels(int epoch, ReadOnlySpan<int> captions, Device? device = null)
    {
        var of = new int[captions.Length];
        for (var i = 0; i < of.Length; i++)
        {
            of[i] = imageOfCaption[captions[i]];
        }

        return Pixels(of, device);
    }

    /// <inheritdoc/>
    public (Tensor Ids, Tensor Mask) Texts(IReadOnlyList<int> captions, Device? device = null)
    {
        using var scope = NewDisposeScope();
        long[] real = [.. captions.Select(caption => (long)lengths[caption])];
        var words = ids.index_select(0, Index(captions)).slice(1, 0, real.Max(), 1).contiguous();
        var mask = (arange(real.Max(), dtype: int64).unsqueeze(0) < tensor(real).unsqueeze(1)).to(float32);
        return (words.On(device).MoveToOuterDisposeScope(), mask.On(device).MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public Tensor? PatchClasses(IReadOnlyList<int> of, Device? device = null)
    {
        using var scope = NewDisposeScope();
        return patchClasses?.index_select(0, Index(of)).to(int64).On(device).MoveToOuterDisposeScope();
    }

    /// <summary>Does nothing: what is in memory need not be read ahead.</summary>
    public void Foresee(IEnumerable<PlannedBatch> plan)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var one in new[] { images, ids, patchClasses, mean, deviation })
        {
            one?.Dispose();
        }
    }

    private static Tensor Index(IReadOnlyList<int> of) => tensor(of.Select(i => (long)i).ToArray());

    private static long[] Padded(int[][] rows, int width, int padding) =>
        [.. rows.SelectMany(row => row.Concat(Enumerable.Repeat(padding, width - row.Length)).Select(id => (long)id))];
}

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
