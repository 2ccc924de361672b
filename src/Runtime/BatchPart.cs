using static TorchSharp.torch;

namespace Madtp.Kit.Runtime;

/// <summary>The part of a step's batch whose losses are being computed, where that is not all of it: a rank's share, or a part of
/// it where gradients are accumulated. A part is computed as if it were cut out of the whole batch: texts are as wide, random
/// numbers are drawn for all samples, and means are taken over what the whole batch counts, so that parts add up to it.</summary>
public sealed class BatchPart
{
    private readonly int from;
    private readonly int count;

    private BatchPart(int[] batch, int from, int count) => (Batch, this.from, this.count) = (batch, from, count);

    /// <summary>The part that this thread has in hand; null where it is the whole batch.</summary>
    [field: ThreadStatic]
    public static BatchPart? Current { get; private set; }

    /// <summary>The whole batch's examples.</summary>
    public int[] Batch { get; }

    /// <summary>Takes a part in hand until the result is disposed.</summary>
    public static IDisposable Begin(ReadOnlySpan<int> batch, int from, int count) =>
        Begin(count == batch.Length ? null : new BatchPart(batch.ToArray(), from, count));

    /// <summary>Takes a part in hand again, as another thread that computes for it must.</summary>
    internal static IDisposable Begin(BatchPart? part)
    {
        var before = Current;
        Current = part;
        return new Undo(() => Current = before);
    }

    /// <summary>The longest of the whole batch; null where the batch in hand is that itself.</summary>
    public static int? Longest(Func<int, int> length) => Current?.Batch.Max(length);

    /// <summary>Random numbers for the samples in hand, drawn for those of the whole batch.</summary>
    /// <param name="shape"><c>[V·B, …]</c>, the first of all samples first.</param>
    /// <param name="draw">Draws a tensor of a shape.</param>
    public static Tensor Draw(long[] shape, Func<long[], Tensor> draw)
    {
        if (Current is not { } part)
            return draw(shape);

        var (views, rest) = (shape[0] / part.count, shape[1..]);
        var all = draw([views * part.Batch.Length, .. rest]).view([views, part.Batch.Length, .. rest]);
        return all.slice(1, part.from, part.from + part.count, 1).reshape(shape);
    }

    /// <summary>A mean over what the examples in hand count, such as words, so that the mean over all parts is that over the
    /// whole batch.</summary>
    /// <param name="counted">How much some examples count; the mean is null where those in hand count nothing.</param>
    public static Tensor? Mean(Tensor mean, int[] examples, Func<int[], double> counted)
    {
        if (Current is not { } part)
            return mean;

        var own = counted(examples);
        return own == 0 ? null : mean * (own * part.Batch.Length / part.count / counted(part.Batch));
    }
}

/// <summary>Dropout whose random numbers belong to the samples of the whole batch.</summary>
/// <param name="probability">Of an element to become 0.</param>
public sealed class SampleDropout(double probability) : nn.Module<Tensor, Tensor>(nameof(SampleDropout))
{
    public override Tensor forward(Tensor input)
    {
        if (!training || probability == 0)
            return input;

        if (BatchPart.Current is null)
            return nn.functional.dropout(input, probability, training);

        Tensor Kept(long[] shape) => nn.functional.dropout(ones(shape, dtype: input.dtype, device: input.device), probability);
        return input * BatchPart.Draw(input.shape, Kept);
    }
}

internal sealed class Undo(Action undo) : IDisposable
{
    public void Dispose() => undo();
}
