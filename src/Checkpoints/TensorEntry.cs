using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using TorchSharp;
using static Madtp.Kit.Text.Printable;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>A tensor that lies in a file: what it is called, holds, and where. Its bytes are read when asked for.</summary>
public sealed class TensorEntry
{
    private readonly FileBytes file;
    private readonly TensorLayout layout;

    internal TensorEntry(string name, ScalarType type, FileBytes file, long start, TensorLayout layout) =>
        (Name, Type, this.file, Start, this.layout) = (name, type, file, start, layout);

    /// <summary>The name in the file, dictionaries joined by dots: <c>model.visual_encoder.cls_token</c>.</summary>
    public string Name { get; }

    public ScalarType Type { get; }

    /// <summary>The sizes of its dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape => layout.Shape;

    public long ElementCount => layout.ElementCount;

    public long ByteCount => ElementCount * Type.ElementSize();

    /// <summary>Where in the file the first element lies, in bytes.</summary>
    internal long Start { get; }

    /// <summary>Whether its elements are read without going over others.</summary>
    internal bool IsContiguous => layout.IsContiguous;

    /// <summary>Copies all elements, row-major and little-endian.</summary>
    /// <param name="destination">Exactly <see cref="ByteCount"/> bytes.</param>
    /// <exception cref="InvalidDataException">The file has become shorter since it was opened.</exception>
    public void CopyTo(Span<byte> destination)
    {
        Guard.Argument(destination.Length == ByteCount,
            $"{this} has {ByteCount} bytes, the destination {destination.Length}", nameof(destination));
        using var rowMajor = ToTensor();
        rowMajor.bytes.CopyTo(destination);
    }

    /// <summary>All elements, row-major.</summary>
    /// <typeparam name="T">A type of the element's size: <c>ushort</c> or <c>Half</c> for Float16.</typeparam>
    public T[] ToArray<T>()
        where T : unmanaged
    {
        Guard.Argument(Unsafe.SizeOf<T>() == Type.ElementSize(),
            $"{this} has {Type.ElementSize()} bytes an element; {typeof(T).Name} has {Unsafe.SizeOf<T>()}");
        var elements = new T[ElementCount];
        CopyTo(MemoryMarshal.AsBytes(elements.AsSpan()));
        return elements;
    }

    /// <summary>All elements as doubles, row-major; for scalars and small tables.</summary>
    public double[] ToArray()
    {
        using var doubles = ToTensor(ScalarType.Float64);
        return ElementCount == 0 ? [] : doubles.data<double>().ToArray();
    }

    /// <summary>A new tensor on the CPU with these elements, converted where another type is asked for.</summary>
    public Tensor ToTensor(ScalarType? dtype = null)
    {
        var tensor = empty(layout.Shape, dtype: dtype ?? Type, device: CPU);
        var copy = new TensorCopy();
        copy.Add(new TensorRecipe([this]), tensor);
        copy.Run();
        return tensor;
    }

    public override string ToString() => $"{Shown(Name)} {Type} {Sizes(Shape)}";

    /// <summary>A matrix's other reading: rows as columns. Nothing is copied.</summary>
    internal TensorEntry Transposed() => Shape.Count == 2
        ? new TensorEntry(Name, Type, file, Start, layout.Transposed())
        : throw file.Broken($"tensor {this} should be a matrix");

    /// <summary>Reads elements into a flat tensor on the CPU, of whatever type; may be called from several threads.</summary>
    /// <param name="first">The first element, in row-major order; 0 where the elements do not lie in that order.</param>
    /// <param name="flat">As many as are wanted, <c>[n]</c>; all where they do not lie in row-major order.</param>
    internal void Read(long first, Tensor flat)
    {
        using var scope = NewDisposeScope();
        if (!IsContiguous)
            flat.view(layout.Shape).copy_(Raw(layout.Extent, Start).as_strided(layout.Shape, layout.Strides));
        else if (Type == flat.dtype)
            file.Read(Start + (first * Type.ElementSize()), flat.bytes);
        else
            flat.copy_(Raw(flat.NumberOfElements, Start + (first * Type.ElementSize())));
    }

    // The file's own elements from a byte on, [count].
    private Tensor Raw(long count, long start)
    {
        Guard.Data(count * Type.ElementSize() <= Array.MaxLength,
            $"{file.Path}: tensor {this} is scattered over {count} elements, more than are read at once");
        var raw = empty(count, dtype: Type, device: CPU);
        file.Read(start, raw.bytes);
        return raw;
    }
}

/// <summary>How a model's tensor comes out of a file: one stored tensor, or several stacked along the first dimension (split
/// query, key and value).</summary>
/// <param name="Parts">The stored tensors, in order; of one type, and of one shape but for their first sizes.</param>
internal sealed record TensorRecipe(IReadOnlyList<TensorEntry> Parts)
{
    public IReadOnlyList<long> Shape { get; } =
        Parts.Count == 1 ? Parts[0].Shape : [Parts.Sum(p => p.Shape[0]), .. Parts[0].Shape.Skip(1)];
}

/// <summary>Copies stored tensors to their destinations in pieces, on all cores. A piece of the right type is read straight to
/// where it belongs; any other is converted on its way. So a checkpoint takes little more memory than its model.</summary>
internal sealed class TensorCopy
{
    private const int PieceBytes = 4 << 20;

    private readonly List<(TensorEntry Entry, long First, long Count, Tensor Flat, long To)> pieces = [];

    /// <summary>Plans the copy of a tensor to a contiguous one on the CPU.</summary>
    public void Add(TensorRecipe recipe, Tensor destination)
    {
        var flat = destination.detach().view(-1).DetachFromDisposeScope();
        var to = 0L;
        foreach (var part in recipe.Parts)
        {
            var most = part.IsContiguous ? PieceBytes / part.Type.ElementSize() : long.MaxValue;
            for (long first = 0, count; first < part.ElementCount; first += count, to += count)
            {
                count = Math.Min(part.ElementCount - first, most);
                pieces.Add((part, first, count, flat, to));
            }
        }
    }

    public void Run()
    {
        // In the file's order, so that a disk reads forward.
        pieces.Sort((a, b) => (a.Entry.Start, a.First).CompareTo((b.Entry.Start, b.First)));
        try
        {
            Parallel.ForEach(pieces, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, piece =>
            {
                using var flat = piece.Flat.narrow(0, piece.To, piece.Count);
                piece.Entry.Read(piece.First, flat);
            });
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
        finally
        {
            pieces.ForEach(piece => piece.Flat.Dispose());
        }
    }
}
