using Madtp.Kit.Runtime;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Madtp.Kit.Models;

/// <summary>Everything that travels with a sequence of tokens through the blocks of one encoder. Whatever removes, reorders or
/// merges tokens rewrites all of it at once, so that no per-token value can end up beside another token.</summary>
/// <param name="X">Hidden states, <c>[B, N, D]</c>.</param>
/// <param name="Mask">1 for a token that may be attended to, 0 for padding, <c>[B, N]</c> float; null when all are real.</param>
/// <param name="Candidates">True for tokens that may be taken out, <c>[B, N]</c> bool; null for all but row 0, the class token
/// (CLIP text: the start of text).</param>
/// <param name="Position">Position each token had when it entered the encoder, <c>[B, N]</c> int64; −1 for merged tokens and
/// padding. Null unless a reduction records it.</param>
/// <param name="Size">How many entering tokens each token stands for, <c>[B, N]</c> float; null unless a reducer counts.</param>
/// <param name="Filled">1 for a row that holds a token, 0 for one that only makes the samples of a batch equally long,
/// <c>[B, N]</c> float; null when every row holds one.</param>
/// <param name="Packed">Which rows of the batch's B·N hold a token, <c>[n]</c> int64, where it pays to work on those alone; null
/// elsewhere.</param>
/// <param name="Entered">Tokens of each sample when it entered the encoder, that may be taken out, padding left out, <c>[B]</c>
/// int64; null unless a reduction counts them.</param>
/// <param name="EndOfText">Row of the end-of-text token in each sample, <c>[B]</c> int64; null for encoders whose summary is the
/// class token.</param>
/// <param name="AlignmentFeature">Alignment features gathered from the layers so far, <c>[B, K, d_k]</c>; null without
/// guidance.</param>
public sealed record TokenState(
    Tensor X, Tensor? Mask = null, Tensor? Candidates = null, Tensor? Position = null, Tensor? Size = null,
    Tensor? Filled = null, Tensor? Packed = null, Tensor? Entered = null, Tensor? EndOfText = null,
    Tensor? AlignmentFeature = null)
{
    /// <summary>Tokens per sample, the class token included.</summary>
    public int Length => (int)X.shape[1];

    /// <summary>What is added to attention scores on these tokens as keys: −10000 on padding, log of the size where a reducer
    /// asks for proportional attention. <c>[B, 1, 1, N]</c>, or null when there is nothing to add.</summary>
    public Tensor? AttentionBias()
    {
        var bias = Mask is null ? null : AdditiveMask(Mask);
        if (Size is null)
            return bias;

        var proportional = Size.clamp_min(1e-6).log().view(Size.shape[0], 1, 1, -1); // [B, 1, 1, N]
        return bias is null ? proportional : bias + proportional;
    }

    /// <summary>Tokens of each sample.</summary>
    /// <param name="padding">Counts padding that entered the encoder as tokens; rows that only make the samples equally long
    /// never count.</param>
    public int[] TokensPerSample(bool padding = false)
    {
        if ((padding ? Filled : Mask) is not { } counted)
            return [.. Enumerable.Repeat(Length, (int)X.shape[0])];

        using var counts = counted.sum(1).to(int32).cpu();
        return counts.data<int>().ToArray();
    }

    /// <summary>The state of what its tensors are mapped to, one after the other.</summary>
    internal TokenState Map(Func<Tensor, Tensor> map)
    {
        Tensor? Each(Tensor? one) => one is null ? null : map(one);
        return new(map(X), Each(Mask), Each(Candidates), Each(Position), Each(Size), Each(Filled), Each(Packed), Each(Entered),
            Each(EndOfText), Each(AlignmentFeature));
    }

    /// <summary>Saves its tensors from the end of a scope that they were made in.</summary>
    internal void MoveOutOf(TorchSharp.DisposeScope scope) =>
        Map(tensor => scope.Contains(tensor) ? scope.MoveToOuter(tensor) : tensor);

    /// <summary>The additive form of a 1/0 mask: 0 where attended, −10000 where not. <c>[B, N]</c> to
    /// <c>[B, 1, 1, N]</c>.</summary>
    public static Tensor AdditiveMask(Tensor mask) => ((mask - 1) * 10000.0).view(mask.shape[0], 1, 1, -1);
}

/// <summary>The rows of a batch that hold a token, where samples keep different numbers: what works on every token alone need not
/// work on the rows that only make the samples equally long.</summary>
/// <param name="Rows"><see cref="TokenState.Packed"/>.</param>
internal readonly record struct FilledRows(Tensor? Rows)
{
    private const double Worth = 0.9; // a greater share of filled rows is not worth two copies
    private const int WorthOnGpu = 2048; // fewer empty rows are multiplied in less time than the calls take

    /// <summary>Those to work on, where it pays.</summary>
    /// <param name="filled"><see cref="TokenState.Filled"/>, <c>B·N</c>.</param>
    /// <param name="used">How many hold a token.</param>
    public static Tensor? Pack(ReadOnlySpan<float> filled, int used, Device device)
    {
        if (used > Worth * filled.Length
            || (device.type != TorchSharp.DeviceType.CPU && filled.Length - used < WorthOnGpu))
        {
            return null;
        }

        var packed = empty([used], int64);
        var rows = MemoryMarshal.Cast<byte, long>(packed.bytes);
        var at = 0;
        for (var row = 0; at < used; row++)
        {
            rows[at] = row; // written over by the next row where this one holds none
            at += filled[row] != 0 ? 1 : 0;
        }

        return packed.On(device);
    }

    /// <summary>Those of <c>[B, N, D]</c> that hold a token, <c>[1, n, D]</c>; all where that does not pay.</summary>
    public Tensor Take(Tensor x) => Rows is null ? x : x.flatten(0, 1).index_select(0, Rows).unsqueeze(0);

    /// <summary>What was made of <see cref="Take"/> among the rows that hold no token, which are 0: <c>[1, n, D']</c> to
    /// <c>[B, N, D']</c>.</summary>
    public Tensor Put(Tensor mapped, long batch, long length) => Rows is null ? mapped
        : zeros([1, batch * length, mapped.shape[2]], dtype: mapped.dtype, device: mapped.device)
            .index_copy_(1, Rows, mapped).view(batch, length, -1);

    /// <summary>Applies a map that treats each token alone to <c>[B, N, D]</c>; rows without a token become 0.
    /// <c>[B, N, D']</c>.</summary>
    public Tensor Map(Tensor x, Func<Tensor, Tensor> map) => Put(map(Take(x)), x.shape[0], x.shape[1]);

    /// <summary><see cref="Map"/> plus a residual <c>[B, N, D']</c>; on a CPU without gradients in one pass over its
    /// rows.</summary>
    public Tensor MapAndAdd(Tensor x, Func<Tensor, Tensor> map, Tensor residual)
    {
        if (Rows is not { } rows || !Products.GoInOnePass(residual) || !residual.is_contiguous())
            return Products.Add(Map(x, map), residual);

        var (mapped, sum, width) = (map(Take(x)).As(float32).contiguous(), empty_like(residual), (int)residual.shape[2]);
        RowWise.InParts(residual.numel() / width, width, (first, end) =>
        {
            var filled = MemoryMarshal.Cast<byte, long>(rows.bytes);
            Span<float> from = RowWise.Numbers(residual), added = RowWise.Numbers(mapped), to = RowWise.Numbers(sum);
            var next = filled.BinarySearch((long)first);
            next = next < 0 ? ~next : next;
            for (var row = first; row < end; row++)
            {
                var own = from.Slice(row * width, width);
                if (next < filled.Length && filled[next] == row)
                    TensorPrimitives.Add(own, added.Slice(next++ * width, width), to.Slice(row * width, width));
                else
                    own.CopyTo(to[(row * width)..]);
            }
        });
        return sum;
    }
}
