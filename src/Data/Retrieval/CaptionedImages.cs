using Madtp.Kit.Data.Images;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Retrieval;

/// <summary>A split of captioned images kept decoded in memory, for images small enough: one byte a channel.</summary>
public sealed class CaptionedImages : IDisposable
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

    /// <summary>I, how many images there are.</summary>
    public int Images { get; }

    /// <summary>T, how many captions there are.</summary>
    public int Captions => lengths.Length;

    /// <summary>Each caption's image.</summary>
    public IReadOnlyList<int> ImageOfCaption => imageOfCaption;

    /// <summary>Tokens of one caption, padding left out.</summary>
    public int TextLength(int caption) => lengths[caption];

    /// <summary>Normalised pixels of some images, <c>[B, 3, H, W]</c>.</summary>
    public Tensor Pixels(IReadOnlyList<int> of)
    {
        using var scope = NewDisposeScope();
        return ((images.index_select(0, Index(of)).to(float32) - mean) / deviation).MoveToOuterDisposeScope();
    }

    /// <summary>Ids and mask of some captions, each <c>[B, N]</c>, no wider than the longest of them.</summary>
    public (Tensor Ids, Tensor Mask) Texts(IReadOnlyList<int> captions)
    {
        using var scope = NewDisposeScope();
        long[] real = [.. captions.Select(caption => (long)lengths[caption])];
        var words = ids.index_select(0, Index(captions)).slice(1, 0, real.Max(), 1).contiguous();
        var mask = (arange(real.Max(), dtype: int64).unsqueeze(0) < tensor(real).unsqueeze(1)).to(float32);
        return (words.MoveToOuterDisposeScope(), mask.MoveToOuterDisposeScope());
    }

    /// <summary>What each patch of some images shows, <c>[B, patches]</c> int64; null where it is not known.</summary>
    public Tensor? PatchClasses(IReadOnlyList<int> of)
    {
        using var scope = NewDisposeScope();
        return patchClasses?.index_select(0, Index(of)).to(int64).MoveToOuterDisposeScope();
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
