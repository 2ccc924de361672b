using Madtp.Kit.Data.Batching;
using Madtp.Kit.Data.Images;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Retrieval;

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
