using System.Collections;
using TorchSharp.Interop;

namespace TorchSharp.Utils;

/// <summary>Reads and writes the elements of a CPU tensor in place, whatever its strides.</summary>
public sealed class TensorAccessor<T> : IEnumerable<T>, IDisposable
    where T : unmanaged
{
    private readonly torch.Tensor tensor;
    private readonly long[] shape;
    private readonly long[] strides;
    private readonly bool contiguous;

    internal TensorAccessor(torch.Tensor tensor)
    {
        // A reference of its own, so that the memory outlives the tensor it was asked of.
        this.tensor = tensor.alias().DetachFromDisposeScope();
        shape = tensor.shape;
        strides = tensor.stride();
        contiguous = tensor.is_contiguous();
        Count = tensor.NumberOfElements;
    }

    public long Count { get; }

    private unsafe T* Start => (T*)Kit.Data(tensor.Handle);

    public unsafe T this[params long[] indices]
    {
        get => Start[Offset(indices)];
        set => Start[Offset(indices)] = value;
    }

    public unsafe T[] ToArray()
    {
        var array = new T[Count];
        CopyTo(array);
        return array;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    public unsafe void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var target = array[arrayIndex..];
        var count = Math.Min(target.Length, Count - tensorIndex);
        for (long i = 0; !contiguous && i < count; i++)
        {
            target[(int)i] = Start[OffsetOf(tensorIndex + i)];
        }

        if (contiguous && count > 0)
        {
            new Span<T>(Start + tensorIndex, (int)count).CopyTo(target);
        }

        GC.KeepAlive(this);
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (long i = 0; i < Count; i++)
        {
            yield return At(i);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose() => tensor.Dispose();

    private unsafe T At(long position) => Start[OffsetOf(position)];

    private long Offset(long[] indices)
    {
        if (indices.Length != shape.Length)
        {
            throw new ArgumentException($"{indices.Length} indices for a tensor of {shape.Length} dimensions", nameof(indices));
        }

        long offset = 0;
        for (var i = 0; i < indices.Length; i++)
        {
            if (indices[i] < 0 || indices[i] >= shape[i])
            {
                throw new IndexOutOfRangeException($"index {indices[i]} of dimension {i}, which has size {shape[i]}");
            }

            offset += indices[i] * strides[i];
        }

        return offset;
    }

    private long OffsetOf(long position)
    {
        if (contiguous)
        {
            return position;
        }

        long offset = 0;
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            (position, var at) = Math.DivRem(position, shape[i]);
            offset += at * strides[i];
        }

        return offset;
    }
}
