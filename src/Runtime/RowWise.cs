using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Madtp.Kit.Runtime;

/// <summary>Work on the rows of float32 tensors on a CPU, each row while it lies in the cache, without a gradient.</summary>
internal static class RowWise
{
    /// <summary>Softmax of the first columns of every row, in place; columns after them become 0. Takes half the time of
    /// libtorch's, which writes to new memory.</summary>
    /// <param name="scores">Contiguous, <c>[..., N or more]</c>.</param>
    /// <param name="columns">N, 1 or more.</param>
    /// <returns>The same tensor.</returns>
    public static Tensor Softmax(Tensor scores, int columns)
    {
        var width = (int)scores.shape[^1];
        InParts(scores.numel() / width, width, (first, end) =>
        {
            var numbers = Numbers(scores);
            for (var row = first; row < end; row++)
            {
                var whole = numbers.Slice(row * width, width);
                var own = whole[..columns];
                TensorPrimitives.Subtract(own, TensorPrimitives.Max<float>(own), own);
                TensorPrimitives.Exp(own, own);
                TensorPrimitives.Multiply(own, 1 / TensorPrimitives.Sum<float>(own), own);
                whole[columns..].Clear();
            }
        });
        return scores;
    }

    /// <summary>Each thread gets rows that lie together, from a first to an end.</summary>
    /// <param name="width">Numbers of a row.</param>
    public static void InParts(long rows, int width, Action<int, int> work)
    {
        const int smallest = 1 << 14; // numbers that are worth a thread
        var threads = get_num_threads();
        var share = Math.Max((rows + threads - 1) / threads, Math.Max(1, smallest / width));
        Parallel.For(0, (int)((rows + share - 1) / share), new ParallelOptions { MaxDegreeOfParallelism = threads },
            part => work((int)(part * share), (int)Math.Min(rows, (part + 1) * share)));
    }

    /// <summary>A contiguous tensor's numbers where they lie.</summary>
    public static Span<float> Numbers(Tensor all) => MemoryMarshal.Cast<byte, float>(all.bytes);
}
