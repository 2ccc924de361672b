using System.Buffers;
using static TorchSharp.torch;

namespace Madtp.Kit.Data.Batching;

/// <summary>Some examples with their images decoded, resized and normalised. Dispose it to give its memory to a later batch.</summary>
/// <typeparam name="T">The data set's example.</typeparam>
public sealed class ImageBatch<T> : IDisposable
{
    private readonly int length;
    private float[]? pixels;

    internal ImageBatch(IReadOnlyList<T> examples, int[] indices, int views, int size)
    {
        Examples = examples;
        Indices = indices;
        Views = views;
        Size = size;
        length = checked(views * examples.Count * 3 * size * size);
        pixels = ArrayPool<float>.Shared.Rent(length);
    }

    /// <summary>The examples.</summary>
    public IReadOnlyList<T> Examples { get; }

    /// <summary>Each example's place in the data set.</summary>
    public IReadOnlyList<int> Indices { get; }

    /// <summary>Images of an example: two in NLVR2, else one.</summary>
    public int Views { get; }

    /// <summary>Width and height of each image in pixels.</summary>
    public int Size { get; }

    /// <summary>How many examples there are.</summary>
    public int Count => Examples.Count;

    /// <summary>All first images, then all second ones. <c>[V, B, 3, H, W]</c></summary>
    public Memory<float> Pixels => (pixels ?? throw new ObjectDisposedException(nameof(ImageBatch<T>))).AsMemory(0, length);

    /// <summary>One image's channels one after the other. <c>[3, H, W]</c></summary>
    /// <param name="view">Which image of the example.</param>
    /// <param name="example">The example's place in the batch.</param>
    public Memory<float> Image(int view, int example)
    {
        var image = 3 * Size * Size;
        return Pixels.Slice(((view * Count) + example) * image, image);
    }

    /// <summary>All images as a model takes them: the first ones of all examples, then the second ones. <c>[V·B, 3, H, W]</c></summary>
    /// <param name="device">Where the tensor shall be; the processor where null.</param>
    public Tensor ToTensor(Device? device = null) => tensor(Pixels, [Views * Count, 3, Size, Size], device: device);

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (pixels is not null)
        {
            ArrayPool<float>.Shared.Return(pixels);
            pixels = null;
        }
    }
}
