using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Madtp.Kit.Evaluations;

/// <summary>An image and its captions in the joint space.</summary>
/// <param name="Image">The image's feature as little-endian numbers of four bytes, <c>[E]</c>.</param>
/// <param name="Captions">The same of each caption.</param>
/// <param name="ImageTokens">Tokens that leave the image encoder.</param>
/// <param name="Macs">Multiply-accumulates of a caption with the image, mean over the captions.</param>
/// <param name="DenseMacs">The same of the plain model.</param>
internal sealed record PairAnswer(byte[] Image, byte[][] Captions, int ImageTokens, double Macs, double DenseMacs) : ICostedAnswer
{
    /// <summary>A row of features as bytes.</summary>
    public static byte[] Bytes(ReadOnlySpan<float> row) => MemoryMarshal.AsBytes(row).ToArray();

    /// <summary>Rows of bytes as a tensor, <c>[N, E]</c>.</summary>
    public static Tensor Features(IReadOnlyCollection<byte[]> rows)
    {
        var width = rows.First().Length / sizeof(float);
        var all = new float[rows.Count * width];
        foreach (var (number, row) in rows.Index())
        {
            MemoryMarshal.Cast<byte, float>(row).CopyTo(all.AsSpan(number * width));
        }

        return tensor(all, [rows.Count, width]);
    }
}
