using System.Buffers;
using System.Runtime.ExceptionServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// Copies stored tensors to their destinations in pieces, on all cores. A piece of the right type is read straight to where it
/// belongs; any other passes through a small buffer. So a whole checkpoint takes little more memory than the model it fills.
/// </summary>
internal sealed class TensorCopy
{
    private const int PieceBytes = 4 << 20;

    private readonly List<(TensorEntry Entry, long First, int Count, ScalarType To, nint Destination)> pieces = [];

    /// <summary>Plans the copy of a tensor to the memory of a contiguous one on the CPU; that memory must outlive <see cref="Run"/>.</summary>
    public unsafe void Add(TensorRecipe recipe, Tensor destination)
    {
        var address = destination.NumberOfElements == 0 ? 0 : (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref destination.bytes[0]);
        foreach (var part in recipe.Parts)
        {
            for (var first = 0L; first < part.ElementCount;)
            {
                var count = (int)Math.Min(part.ElementCount - first, PieceBytes / part.Type.ElementSize());
                pieces.Add((part, first, count, destination.dtype, address));
                address += count * destination.dtype.ElementSize();
                first += count;
            }
        }
    }

    /// <summary>Copies everything planned.</summary>
    /// <exception cref="InvalidDataException">The file ended early.</exception>
    public void Run()
    {
        // In the file's order, so that a disk reads forward.
        pieces.Sort((a, b) => (a.Entry.Start, a.First).CompareTo((b.Entry.Start, b.First)));
        try
        {
            Parallel.ForEach(pieces, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, Copy);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private static unsafe void Copy((TensorEntry Entry, long First, int Count, ScalarType To, nint Destination) piece)
    {
        var (entry, first, count, to, address) = piece;
        var destination = new Span<byte>((void*)address, count * to.ElementSize());
        if (entry.Type == to)
        {
            entry.CopyTo(first, destination);
            return;
        }

        var size = count * entry.Type.ElementSize();
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            entry.CopyTo(first, buffer.AsSpan(0, size));
            ElementConversion.Convert(entry.Type, buffer.AsSpan(0, size), to, destination);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
