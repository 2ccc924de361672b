using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// A tensor that lies in a file: what it is called, what it holds, and where. Its bytes are read only when asked for.
/// </summary>
public sealed class TensorEntry
{
    private readonly FileBytes file;
    private readonly TensorLayout layout;

    /// <summary>A tensor whose first element is at a byte offset of a file.</summary>
    internal TensorEntry(string name, ScalarType type, FileBytes file, long start, TensorLayout layout) =>
        (Name, Type, this.file, Start, this.layout) = (name, type, file, start, layout);

    /// <summary>The name in the file, dictionaries joined by dots: <c>model.visual_encoder.cls_token</c>.</summary>
    public string Name { get; }

    /// <summary>What one element is.</summary>
    public ScalarType Type { get; }

    /// <summary>The sizes of its dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape => layout.Shape;

    /// <summary>How many elements it has.</summary>
    public long ElementCount => layout.ElementCount;

    /// <summary>How many bytes its elements take in row-major order.</summary>
    public long ByteCount => ElementCount * Type.ElementSize();

    /// <summary>Where in the file the first element lies, in bytes.</summary>
    internal long Start { get; }

    /// <summary>Whether its elements are read without going over others.</summary>
    internal bool IsContiguous => layout.IsContiguous;

    /// <summary>Copies all elements, row-major and little-endian.</summary>
    /// <param name="destination">Exactly <see cref="ByteCount"/> bytes.</param>
    /// <exception cref="ArgumentException">The destination has another size.</exception>
    /// <exception cref="InvalidDataException">The file has become shorter since it was opened.</exception>
    public void CopyTo(Span<byte> destination)
    {
        if (destination.Length != ByteCount)
        {
            throw new ArgumentException($"{Name} has {ByteCount} bytes, the destination {destination.Length}",
                nameof(destination));
        }

        CopyTo(0, destination);
    }

    /// <summary>All elements, row-major.</summary>
    /// <typeparam name="T">
    /// A type of the element's size: <c>float</c> for Float32, <c>ushort</c> or <c>Half</c> for Float16.
    /// </typeparam>
    /// <exception cref="ArgumentException">The element has another size than <typeparamref name="T"/>.</exception>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != Type.ElementSize())
        {
            throw new ArgumentException(
                $"{Name} holds {Type}, {Type.ElementSize()} bytes each; {typeof(T).Name} has {Unsafe.SizeOf<T>()}");
        }

        var elements = new T[ElementCount];
        CopyTo(MemoryMarshal.AsBytes(elements.AsSpan()));
        return elements;
    }

    /// <summary>All elements as doubles, row-major; for scalars and small tables.</summary>
    public double[] ToArray()
    {
        using var doubles = ToTensor(ScalarType.Float64);
        return doubles.data<double>().ToArray();
    }

    /// <summary>A new tensor on the CPU with these elements.</summary>
    /// <param name="dtype">Another element type to convert to.</param>
    /// <exception cref="InvalidDataException">The file has become shorter since it was opened.</exception>
    public Tensor ToTensor(ScalarType? dtype = null)
    {
        var tensor = empty(layout.Shape, dtype: dtype ?? Type, device: CPU);
        TensorCopy.Fill(new TensorRecipe([this]), tensor);
        return tensor;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Type} {Damage.Shape(Shape)}";

    /// <summary>A matrix's other reading: rows as columns. Nothing is copied.</summary>
    /// <exception cref="InvalidDataException">It is not a matrix.</exception>
    internal TensorEntry Transposed() => Shape.Count == 2
        ? new TensorEntry(Name, Type, file, Start, layout.Transposed())
        : throw file.Broken($"tensor {this} should be a matrix");

    /// <summary>
    /// Copies whole elements from some element on, row-major and little-endian; may be called from several threads.
    /// </summary>
    internal void CopyTo(long firstElement, Span<byte> destination)
    {
        if (IsContiguous)
        {
            file.Read(Start + (firstElement * Type.ElementSize()), destination);
            return;
        }

        lock (layout) // one such tensor's whole range in memory at a time
        {
            Gather(file.Take(Start, layout.Extent * Type.ElementSize()), firstElement, destination);
        }
    }

    // Walks the elements in row-major order; the innermost dimension is the loop, the outer ones an odometer.
    private void Gather(ReadOnlySpan<byte> source, long firstElement, Span<byte> destination)
    {
        var (shape, steps, size) = (layout.Shape, layout.Strides, Type.ElementSize());
        var index = new long[shape.Length];
        var (position, rest) = (0L, firstElement);
        for (var d = shape.Length - 1; d >= 0; d--)
        {
            (rest, index[d]) = Math.DivRem(rest, shape[d]);
            position += index[d] * steps[d];
        }

        var inner = shape.Length - 1;
        while (destination.Length > 0)
        {
            var run = Math.Min(shape[inner] - index[inner], destination.Length / size);
            for (var i = 0L; i < run; i++, position += steps[inner], destination = destination[size..])
            {
                source.Slice((int)(position * size), size).CopyTo(destination);
            }

            index[inner] += run;
            for (var d = inner; d > 0 && index[d] == shape[d]; d--)
            {
                position += steps[d - 1] - (shape[d] * steps[d]);
                index[d] = 0;
                index[d - 1]++;
            }
        }
    }
}

/// <summary>
/// How a model's tensor comes out of a file: one stored tensor, or several stacked along the first dimension (split query, key
/// and value).
/// </summary>
public sealed class TensorRecipe
{
    /// <summary>Stacks parts; all but their first sizes must agree.</summary>
    /// <exception cref="InvalidDataException">The parts do not fit together; the message names them.</exception>
    internal TensorRecipe(IReadOnlyList<TensorEntry> parts)
    {
        Parts = parts;
        var first = parts[0];
        var fits = parts.Count == 1 || parts.All(p => p.Type == first.Type && p.Shape.Count > 0
            && p.Shape.Skip(1).SequenceEqual(first.Shape.Skip(1)));
        Damage.Unless(fits, $"these tensors belong together but do not fit: {string.Join("; ", parts)}");
        Shape = parts.Count == 1 ? first.Shape : [parts.Sum(p => p.Shape[0]), .. first.Shape.Skip(1)];
    }

    /// <summary>The stored tensors, in order.</summary>
    public IReadOnlyList<TensorEntry> Parts { get; }

    /// <summary>The shape of the whole.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>What one stored element is.</summary>
    public ScalarType Type => Parts[0].Type;
}
