using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>A tensor that lies in a file: what it is called, what it holds, and where. Its bytes are read only when asked for.</summary>
public sealed class TensorEntry
{
    private readonly FileBytes file;
    private readonly long start;
    private readonly long[] shape;
    private readonly long[]? strides;

    private readonly TensorLayout layout;

    /// <summary>A tensor whose first element is at a byte offset of a file.</summary>
    internal TensorEntry(string name, ScalarType type, FileBytes file, long start, TensorLayout layout)
    {
        Name = name;
        Type = type;
        this.file = file;
        this.start = start;
        this.layout = layout;
        shape = layout.Shape;
        strides = layout.IsContiguous ? null : layout.Strides;
        ElementCount = layout.ElementCount;
    }

    /// <summary>The name in the file, dictionaries joined by dots: <c>model.visual_encoder.cls_token</c>.</summary>
    public string Name { get; }

    /// <summary>What one element is.</summary>
    public ScalarType Type { get; }

    /// <summary>The sizes of its dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape => shape;

    /// <summary>How many elements it has.</summary>
    public long ElementCount { get; }

    /// <summary>How many bytes its elements take in row-major order.</summary>
    public long ByteCount => ElementCount * Type.ElementSize();

    /// <summary>Copies all elements, row-major and little-endian.</summary>
    /// <param name="destination">Exactly <see cref="ByteCount"/> bytes.</param>
    /// <exception cref="ArgumentException">The destination has another size.</exception>
    /// <exception cref="InvalidDataException">The file has become shorter since it was opened.</exception>
    public void CopyTo(Span<byte> destination)
    {
        if (destination.Length != ByteCount)
        {
            throw new ArgumentException($"{Name} has {ByteCount} bytes, the destination {destination.Length}", nameof(destination));
        }

        CopyTo(0, destination);
    }

    /// <summary>All elements, row-major.</summary>
    /// <typeparam name="T">A type of the element's size: <c>float</c> for Float32, <c>ushort</c> or <c>Half</c> for Float16.</typeparam>
    /// <exception cref="ArgumentException">The element has another size than <typeparamref name="T"/>.</exception>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != Type.ElementSize())
        {
            throw new ArgumentException($"{Name} holds {Type}, {Type.ElementSize()} bytes each; {typeof(T).Name} has {Unsafe.SizeOf<T>()}");
        }

        var elements = new T[ElementCount];
        CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(elements.AsSpan()));
        return elements;
    }

    /// <summary>A new tensor on the CPU with these elements.</summary>
    /// <param name="dtype">Another element type to convert to.</param>
    /// <exception cref="InvalidDataException">The file has become shorter since it was opened.</exception>
    public Tensor ToTensor(ScalarType? dtype = null)
    {
        var tensor = empty(shape, dtype: dtype ?? Type, device: CPU);
        var copy = new TensorCopy();
        copy.Add(new TensorRecipe([this]), tensor);
        copy.Run();
        return tensor;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Type} {TensorLayout.Describe(shape)}";

    /// <summary>Where in the file the first element lies, in bytes.</summary>
    internal long Start => start;

    /// <summary>A matrix's other reading: rows as columns. Nothing is copied.</summary>
    /// <exception cref="InvalidDataException">It is not a matrix.</exception>
    internal TensorEntry Transposed() => shape.Length == 2
        ? new TensorEntry(Name, Type, file, start, layout.Transposed())
        : throw file.Broken($"tensor {this} should be a matrix");

    /// <summary>Copies whole elements from some element on, row-major and little-endian; may be called from several threads.</summary>
    internal void CopyTo(long firstElement, Span<byte> destination)
    {
        if (strides is null)
        {
            file.Read(start + (firstElement * Type.ElementSize()), destination);
        }
        else
        {
            Gather(strides, firstElement, destination);
        }
    }

    // Walks the elements in row-major order; the innermost dimension is the loop, the outer ones an odometer.
    private unsafe void Gather(long[] steps, long firstElement, Span<byte> destination)
    {
        var size = Type.ElementSize();
        var index = new long[shape.Length];
        var position = 0L;
        var rest = firstElement;
        for (var d = shape.Length - 1; d >= 0; d--)
        {
            index[d] = rest % shape[d];
            rest /= shape[d];
            position += index[d] * steps[d];
        }

        var inner = shape.Length - 1;
        var extent = TensorLayout.Extent(shape, steps) * size;
        var source = file.Pointer(start, extent);
        for (var written = 0; written < destination.Length;)
        {
            var run = (int)Math.Min(shape[inner] - index[inner], (destination.Length - written) / size);
            CopyRun(source + (position * size), steps[inner] * size, destination.Slice(written, run * size), size);
            written += run * size;
            position += run * steps[inner];
            index[inner] += run;
            for (var d = inner; d > 0 && index[d] == shape[d]; d--)
            {
                position += steps[d - 1] - (shape[d] * steps[d]);
                index[d] = 0;
                index[d - 1]++;
            }
        }
    }

    private static unsafe void CopyRun(byte* source, long step, Span<byte> destination, int size)
    {
        if (step == size)
        {
            new ReadOnlySpan<byte>(source, destination.Length).CopyTo(destination);
            return;
        }

        for (var at = 0; at < destination.Length; at += size, source += step)
        {
            new ReadOnlySpan<byte>(source, size).CopyTo(destination[at..]);
        }
    }
}

/// <summary>How a model's tensor comes out of a file: one stored tensor, or several stacked along the first dimension (split query, key and value).</summary>
public sealed class TensorRecipe
{
    /// <summary>Stacks parts; all but their first sizes must agree.</summary>
    /// <exception cref="InvalidDataException">The parts do not fit together; the message names them.</exception>
    internal TensorRecipe(IReadOnlyList<TensorEntry> parts)
    {
        Parts = parts;
        var first = parts[0];
        if (parts.Any(p => p.Type != first.Type || p.Shape.Count == 0 && parts.Count > 1 || !p.Shape.Skip(1).SequenceEqual(first.Shape.Skip(1))))
        {
            throw new InvalidDataException($"these tensors belong together but do not fit: {string.Join("; ", parts)}");
        }

        Shape = parts.Count == 1 ? first.Shape : [parts.Sum(p => p.Shape[0]), .. first.Shape.Skip(1)];
    }

    /// <summary>The stored tensors, in order.</summary>
    public IReadOnlyList<TensorEntry> Parts { get; }

    /// <summary>The shape of the whole.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>What one stored element is.</summary>
    public ScalarType Type => Parts[0].Type;
}
