using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace Madtp.Kit.Runtime;

/// <summary>Matrix products. TorchSharp's own <c>matmul</c> has no exception guard around its native call: shapes that do not
/// fit, or memory that does not suffice, end the process. This one goes through operators that have one.</summary>
public static class MatrixProduct
{
    private static readonly ConcurrentDictionary<(string, ScalarType), Tensor> NoAddends = [];

    /// <summary>The product of the last two dimensions, as PyTorch's <c>matmul</c>; bit for bit where nothing
    /// broadcasts.</summary>
    /// <param name="left"><c>[..., n, m]</c>, or a vector <c>[m]</c>.</param>
    /// <param name="right"><c>[..., m, k]</c>, or a vector <c>[m]</c>; what stands before broadcasts.</param>
    /// <returns><c>[..., n, k]</c>, less the dimension that a vector lacks.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit; the message names both.</exception>
    public static Tensor MatMul(this Tensor left, Tensor right)
    {
        try
        {
            return Product(left, right);
        }
        catch (ExternalException) when (!Fit(left.shape, right.shape))
        {
            throw Misfit(left, right);
        }
    }

    /// <summary>factor · left · rightᵀ for each batch and head, in one product: <c>[B, h, N, d]</c> and <c>[B, h, S, d]</c> to
    /// <c>[B, h, N, S]</c>.</summary>
    internal static Tensor TimesTransposed(this Tensor left, Tensor right, double factor)
    {
        var (rows, columns) = (left.shape, right.shape);
        return left.flatten(0, 1).baddbmm(right.flatten(0, 1).transpose(1, 2), NoAddend(left), beta: 0, alpha: (float)factor)
            .view(rows[0], rows[1], rows[2], columns[2]);
    }

    // What a product without an addend is added to; it is not read.
    private static Tensor NoAddend(Tensor like) => NoAddends.GetOrAdd((like.device.ToString(), like.dtype), _ =>
    {
        using var off = inference_mode(false);
        return zeros([1, 1, 1], dtype: like.dtype, device: like.device).DetachFromDisposeScope();
    });

    private static Tensor Product(Tensor left, Tensor right) => (left.ndim, right.ndim) switch
    {
        (2, 2) => left.mm(right),
        (3, 3) when left.size(0) == right.size(0) => left.bmm(right),
        (_, 1 or 2) => nn.functional.linear(left, right.t()),
        _ when !Fit(left.shape, right.shape) => throw Misfit(left, right),
        (1, _) => Product(left.unsqueeze(0), right).squeeze(-2),
        _ => Batches(left, right),
    };

    private static Tensor Batches(Tensor left, Tensor right)
    {
        var (rows, columns) = (left.shape, right.shape);
        return rows.AsSpan()[..^2].SequenceEqual(columns.AsSpan()[..^2])
            ? left.flatten(0, -3).bmm(right.flatten(0, -3)).view([.. rows[..^1], columns[^1]])
            : einsum("...ij,...jk->...ik", left, right);
    }

    private static bool Fit(ReadOnlySpan<long> left, ReadOnlySpan<long> right)
    {
        if (left.Length == 0 || right.Length == 0 || left[^1] != right[Math.Max(right.Length - 2, 0)])
            return false;

        for (var back = 3; back <= Math.Min(left.Length, right.Length); back++)
        {
            if (left[^back] != right[^back] && left[^back] != 1 && right[^back] != 1)
                return false;
        }

        return true;
    }

    private static ArgumentException Misfit(Tensor left, Tensor right) => new(
        $"a matrix product of shapes [{string.Join(", ", left.shape)}] and [{string.Join(", ", right.shape)}] does not exist: "
        + "the first's last dimension must be the second's last but one, and those before equal or 1");
}
