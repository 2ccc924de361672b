using System.Runtime.ExceptionServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Madtp.Kit.Checkpoints;

/// <summary>
/// Copies stored tensors to their destinations in pieces, on all cores. A piece of the right type is read straight to where it
/// belongs; any other is converted on its way. So a whole checkpoint takes little more memory than the model it fills.
/// </summary>
internal sealed class TensorCopy
{
    private const int PieceBytes = 4 << 20;
    private const int StridedPieceBytes = 64 << 20; // each piece reads the whole range that the tensor lies in

    private readonly List<(TensorEntry Entry, long First, long Count, Tensor Flat, long To)> pieces = [];

    /// <summary>Copies one tensor, as <see cref="Add"/> and <see cref="Run"/> do.</summary>
    public static void Fill(TensorRecipe recipe, Tensor destination)
    {
        var copy = new TensorCopy();
        copy.Add(recipe, destination);
        copy.Run();
    }

    /// <summary>Plans the copy of a tensor to a contiguous one on the CPU.</summary>
    public void Add(TensorRecipe recipe, Tensor destination)
    {
        var flat = destination.detach().view(-1).DetachFromDisposeScope();
        var to = 0L;
        foreach (var part in recipe.Parts)
        {
            for (var first = 0L; first < part.ElementCount;)
            {
                var count = Math.Min(part.ElementCount - first,
                    (part.IsContiguous ? PieceBytes : StridedPieceBytes) / part.Type.ElementSize());
                pieces.Add((part, first, count, flat, to));
                (first, to) = (first + count, to + count);
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
            Parallel.ForEach(pieces, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, piece =>
            {
                using var scope = NewDisposeScope();
                var target = piece.Flat.narrow(0, piece.To, piece.Count);
                var source = piece.Entry.Type == target.dtype ? target : empty(piece.Count, dtype: piece.Entry.Type, device: CPU);
                piece.Entry.CopyTo(piece.First, source.bytes);
                if (!ReferenceEquals(source, target))
                {
                    target.copy_(source);
                }
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
