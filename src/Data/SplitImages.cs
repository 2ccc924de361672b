using System.Collections;
using Madtp.Kit.Data.Images;
using Madtp.Kit.Runtime;
using static TorchSharp.torch;

namespace Madtp.Kit.Data;

/// <summary>The images of a split by their examples' numbers: in memory (<see cref="DrawnImages"/>) or on disk
/// (<see cref="ImageFiles"/>).</summary>
internal abstract class SplitImages : IDisposable
{
    /// <summary>Normalised images as they are, V of each example: all first, then all second, <c>[V·B, 3, H, W]</c>.</summary>
    public abstract Tensor Plain(ReadOnlySpan<int> examples, Device? device);

    /// <summary>The same as an epoch of training sees them: augmented, where they come from files.</summary>
    public virtual Tensor Augmented(int epoch, ReadOnlySpan<int> examples, Device? device) => Plain(examples, device);

    /// <summary>What each patch of the same images shows, <c>[V·B, patches]</c> int64; null where it is not known.</summary>
    public virtual Tensor? PatchClasses(ReadOnlySpan<int> examples, Device? device) => null;

    /// <summary>Told what <see cref="Augmented"/> will be asked for, in order; it replaces what was told before.</summary>
    /// <param name="plan">The batches, looked at as they come near; an endless plan is fine, an empty one ends it.</param>
    public virtual void Prefetch(IEnumerable<PlannedBatch> plan)
    {
    }

    public abstract void Dispose();
}

/// <summary>Images kept decoded in memory, for small ones: one byte a channel; a batch is a gather and a normalisation.</summary>
internal sealed class DrawnImages : SplitImages
{
    private readonly Tensor images; // [I, 3, H, W]
    private readonly Tensor? patchClasses; // [I, patches]
    private readonly Tensor mean;
    private readonly Tensor deviation;
    private readonly int[][] imageOf;

    /// <summary>Takes over the bytes of I images.</summary>
    /// <param name="pixels">Red, green and blue of every pixel, <c>[I, H, W, 3]</c>.</param>
    /// <param name="patchClasses">What each patch shows, <c>[I, patches]</c>; null where it is not known.</param>
    /// <param name="imageOf">Each example's image; one list for the first images of examples, one for the second ones.</param>
    public DrawnImages(byte[] pixels, int size, byte[]? patchClasses, params int[][] imageOf)
    {
        this.imageOf = imageOf;
        var count = pixels.LongLength / (3 * size * size);
        var (means, deviations) = ImageNormalization.Clip;
        using var scope = NewDisposeScope();
        images = tensor(pixels, [count, size, size, 3]).permute(0, 3, 1, 2).contiguous().DetachFromDisposeScope();
        this.patchClasses = patchClasses is null ? null : tensor(patchClasses, [count, patchClasses.Length / count]);
        this.patchClasses?.DetachFromDisposeScope();
        mean = tensor(means.Select(m => m * 255).ToArray()).view(1, 3, 1, 1).DetachFromDisposeScope();
        deviation = tensor(deviations.Select(d => d * 255).ToArray()).view(1, 3, 1, 1).DetachFromDisposeScope();
    }

    public override Tensor Plain(ReadOnlySpan<int> examples, Device? device)
    {
        using var scope = NewDisposeScope();
        return ((images.index_select(0, Index(examples)).to(float32) - mean) / deviation).On(device).MoveToOuterDisposeScope();
    }

    public override Tensor? PatchClasses(ReadOnlySpan<int> examples, Device? device)
    {
        using var scope = NewDisposeScope();
        return patchClasses?.index_select(0, Index(examples)).to(int64).On(device).MoveToOuterDisposeScope();
    }

    public override void Dispose()
    {
        foreach (var one in new[] { images, patchClasses, mean, deviation })
            one?.Dispose();
    }

    private Tensor Index(ReadOnlySpan<int> examples)
    {
        int[] chosen = [.. examples];
        return tensor(imageOf.SelectMany(of => chosen.Select(example => (long)of[example])).ToArray());
    }
}

/// <summary>The entries of a data set's files, each read when it is asked for.</summary>
/// <param name="read">Reads one, by its number from 0.</param>
/// <param name="files">What is closed with the list.</param>
public class FileList<T>(int count, Func<int, T> read, params IDisposable?[] files) : IReadOnlyList<T>, IDisposable
{
    public int Count => count;

    /// <exception cref="InvalidDataException">The entry is malformed; the message names file and line.</exception>
    public T this[int index] => (uint)index < (uint)count
        ? read(index)
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"there are {count} entries");

    public IEnumerator<T> GetEnumerator() => Enumerable.Range(0, count).Select(read).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Closes the files.</summary>
    public void Dispose() => Array.ForEach(files, file => file?.Dispose());
}
