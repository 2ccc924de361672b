
namespace Madtp.Kit.Text;

/// <summary>Several encoded texts of one padded length, row by row, ready to become tensors.</summary>
/// <param name="Count">The number of texts, B.</param>
/// <param name="Length">The padded length, N.</param>
/// <param name="Ids">Token ids, <c>[B, N]</c> in row-major order.</param>
/// <param name="AttentionMask">1 for a token, 0 for padding, <c>[B, N]</c> in row-major order.</param>
public sealed record TokenBatch(int Count, int Length, long[] Ids, long[] AttentionMask)
{
    /// <summary>Pads rows of ids at the end.</summary>
    /// <param name="rows">The encoded texts.</param>
    /// <param name="paddingId">The id that fills up a row.</param>
    /// <param name="length">The length of every row; the longest row's when null.</param>
    /// <exception cref="ArgumentException">A row is longer than <paramref name="length"/>.</exception>
    public static TokenBatch Pad(IReadOnlyList<int[]> rows, int paddingId, int? length = null)
    {
        var columns = length ?? rows.Select(row => row.Length).DefaultIfEmpty(0).Max();
        var ids = new long[rows.Count * columns];
        var mask = new long[ids.Length];
        Array.Fill(ids, paddingId);
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows[row].Length > columns)
            {
                throw new ArgumentException($"text {row} has {rows[row].Length} tokens, more than the {columns} it is to be padded to", nameof(rows));
            }

            for (var column = 0; column < rows[row].Length; column++)
            {
                ids[(row * columns) + column] = rows[row][column];
                mask[(row * columns) + column] = 1;
            }
        }

        return new TokenBatch(rows.Count, columns, ids, mask);
    }
}
