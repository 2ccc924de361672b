using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Madtp.Kit.Runtime;
using static Madtp.Kit.Runtime.RowWise;
using static TorchSharp.torch;
using Lanes = System.Runtime.Intrinsics.Vector512<float>;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Madtp.Kit.Models;

/// <summary>Attention that is read, in float32 on a CPU without gradients: the maps of a few queries at a time, which get their
/// softmax, are read and meet the values while they lie in the cache. No map is ever whole.</summary>
internal sealed unsafe class OnePassAttention
{
    private const int Together = 8; // queries at a time

    private readonly StridedRows query, key, value;
    private readonly StridedRows? bias;
    private readonly bool[]? counts;
    private readonly long[]? summaryRows;
    private readonly float* output, summary, read;
    private readonly int heads, length, width, paddedLength, paddedWidth;
    private readonly float scale;
    private readonly Lanes lastKeys; // all bits of those of the last vector's numbers that are attention to a key

    private OnePassAttention(Tensor query, Tensor key, Tensor value, Tensor? bias, AttentionReading reading, double scale,
        Tensor output, Tensor summary, Tensor read)
    {
        (heads, length, width) = ((int)query.shape[1], (int)query.shape[2], (int)query.shape[3]);
        (paddedLength, paddedWidth) = (Padded(length), Padded(width));
        (this.query, this.key, this.value) = (new(query), new(key), new(value));
        this.bias = bias is null ? null : new(bias.expand(query.shape[0], heads, length, length));
        this.output = StridedRows.Start(output);
        this.summary = StridedRows.Start(summary);
        this.read = StridedRows.Start(read);
        counts = reading.StrongestQuery ? reading.Counts(query.shape[0], length) : null;
        summaryRows = reading.SummaryRows?.data<long>().ToArray();
        this.scale = (float)scale;
        lastKeys = Vector512.LessThan(Vector512<float>.Indices, Vector512.Create((float)(length - paddedLength + Width)));
    }

    /// <summary>softmax(scale · Q Kᵀ + bias) V and what is read of the softmax.</summary>
    /// <param name="query">Q, <c>[B, h, N, d_h]</c> like K and V.</param>
    /// <param name="bias">Broadcasts to <c>[B, h, N, N]</c>; null adds nothing.</param>
    public static SelfAttentionRecord Attend(
        Tensor query, Tensor key, Tensor value, Tensor? bias, AttentionReading reading, double scale)
    {
        var (batch, heads, length) = (query.shape[0], query.shape[1], query.shape[2]);
        var output = empty(batch, length, heads, query.shape[3]);
        var summary = empty(batch, heads, length);
        var read = reading.StrongestQuery ? zeros(batch, length) : zeros(batch, length, length);
        var pass = new OnePassAttention(query, key, value, bias, reading, scale, output, summary, read);

        // Threads share heads out; samples where the strongest head is read query by query.
        var share = reading.StrongestQuery ? 1 : (int)heads;
        InParts(batch * heads / share, (int)Math.Min(int.MaxValue, share * length * length),
            (first, end) => pass.Attend(first * share, end * share));
        GC.KeepAlive((query, key, value, bias));
        var record = new SelfAttentionRecord(output.transpose(1, 2), key) { Summary = summary, Reading = reading };
        return reading.StrongestQuery ? record with { Received = read } : record with { Strongest = read };
    }

    private void Attend(int firstHead, int endHead)
    {
        var (inKeys, inMaps, inValues, inOutputs) = (width * paddedLength, Together * paddedLength, length * paddedWidth,
            Together * paddedWidth);
        var numbers = inKeys + inMaps + paddedLength + inValues + inOutputs + (Together * width);
        var keys = (float*)NativeMemory.AlignedAlloc((nuint)numbers * sizeof(float), Width * sizeof(float)); // Kᵀ, [d_h, N]
        new Span<float>(keys, numbers).Clear();
        float* maps = keys + inKeys, strongest = maps + inMaps, values = strongest + paddedLength; // [8, N], [N], [N, d_h]
        float* outputs = values + inValues, queries = outputs + inOutputs; // [8, d_h] each
        for (var head = firstHead; head < endHead; head++)
        {
            var (sample, ofSample) = Math.DivRem(head, heads);
            for (var row = 0; row < length; row++)
            {
                float* from = key.At(sample, ofSample, row), to = keys + row;
                for (var i = 0; i < width; i++, to += paddedLength)
                {
                    *to = from[i];
                }

                Span(value.At(sample, ofSample, row), width).CopyTo(Span(values + (row * paddedWidth), width));
            }

            for (var row = 0; row < length; row += Together)
            {
                Queries(sample, ofSample, row, queries, keys, maps, strongest);
                Multiply(maps, paddedLength, values, length, paddedWidth, outputs);
                for (var i = 0; i < Math.Min(Together, length - row); i++)
                {
                    var to = ((((long)sample * length) + row + i) * heads) + ofSample;
                    Span(outputs + (i * paddedWidth), width).CopyTo(Span(output + (to * width), width));
                }
            }

            if (counts is not null && (head == endHead - 1 || ofSample == heads - 1))
            {
                Collect(Span(strongest, length), Span(read + ((long)sample * length), length));
            }
        }

        NativeMemory.AlignedFree(keys);
    }

    // The rows of the map from some query on, after their softmax.
    private void Queries(int sample, int head, int first, float* queries, float* keys, float* maps, float* strongest)
    {
        var rows = Math.Min(Together, length - first);
        for (var i = 0; i < rows; i++)
        {
            TensorPrimitives.Multiply(Span(query.At(sample, head, first + i), width), scale, Span(queries + (i * width), width));
        }

        Multiply(queries, width, keys, width, paddedLength, maps);
        for (var i = 0; i < rows; i++)
        {
            var row = first + i;
            var map = maps + (i * paddedLength);
            if (bias is { } added)
            {
                TensorPrimitives.Add(Span(map, length), Span(added.At(sample, head, row), length), Span(map, length));
            }

            Softmax(map, counts is null || !counts[(sample * length) + row] ? null : strongest);
            if (row == (summaryRows?[sample] ?? 0))
            {
                Span(map, length).CopyTo(Span(summary + ((((long)sample * heads) + head) * length), length));
            }

            if (counts is null)
            {
                var most = Span(read + ((((long)sample * length) + row) * length), length);
                TensorPrimitives.Max<float>(most, Span(map, length), most);
            }
        }
    }

    // Softmax of a row of the map; where it exceeds the strongest attention so far, it becomes that.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Softmax(float* map, float* strongest)
    {
        var end = map + paddedLength;
        Vector512.ConditionalSelect(lastKeys, Vector512.Load(end - Width), Vector512.Create(float.NegativeInfinity))
            .Store(end - Width);
        var most = Vector512.Load(map);
        for (var at = map + Width; at < end; at += Width)
        {
            most = Vector512.MaxNative(most, Vector512.Load(at));
        }

        var (greatest, sum) = (Vector512.Create(Greatest(most)), Lanes.Zero);
        for (var at = map; at < end; at += Width)
        {
            var power = Exp(Vector512.Load(at) - greatest);
            power.Store(at);
            sum += power;
        }

        var whole = Vector512.Create(1 / Vector512.Sum(sum));
        for (var at = map; at < end; at += Width)
        {
            var attention = Vector512.Load(at) * whole;
            attention.Store(at);
            if (strongest is not null)
            {
                Vector512.MaxNative(attention, Vector512.Load(strongest)).Store(strongest);
                strongest += Width;
            }
        }
    }

    // a [8, count], each row so far from the one before, times b [count, columns], a multiple of a vector: [8, columns].
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* a, nint row, float* b, int count, int columns, float* product)
    {
        for (var column = 0; column < columns; column += Width)
        {
            Lanes sum0 = Lanes.Zero, sum1 = sum0, sum2 = sum0, sum3 = sum0, sum4 = sum0, sum5 = sum0, sum6 = sum0, sum7 = sum0;
            float* upper = a, lower = a + (4 * row), from = b + column;
            for (var i = 0; i < count; i++, upper++, lower++, from += columns)
            {
                var factors = Vector512.Load(from);
                sum0 = Vector512.FusedMultiplyAdd(Vector512.Create(upper[0]), factors, sum0);
                sum1 = Vector512.FusedMultiplyAdd(Vector512.Create(upper[row]), factors, sum1);
                sum2 = Vector512.FusedMultiplyAdd(Vector512.Create(upper[2 * row]), factors, sum2);
                sum3 = Vector512.FusedMultiplyAdd(Vector512.Create(upper[3 * row]), factors, sum3);
                sum4 = Vector512.FusedMultiplyAdd(Vector512.Create(lower[0]), factors, sum4);
                sum5 = Vector512.FusedMultiplyAdd(Vector512.Create(lower[row]), factors, sum5);
                sum6 = Vector512.FusedMultiplyAdd(Vector512.Create(lower[2 * row]), factors, sum6);
                sum7 = Vector512.FusedMultiplyAdd(Vector512.Create(lower[3 * row]), factors, sum7);
            }

            var to = product + column;
            sum0.Store(to);
            sum1.Store(to += columns);
            sum2.Store(to += columns);
            sum3.Store(to += columns);
            sum4.Store(to += columns);
            sum5.Store(to += columns);
            sum6.Store(to += columns);
            sum7.Store(to + columns);
        }
    }

    // Whichever thread comes first: a maximum is the same.
    private void Collect(Span<float> strongest, Span<float> received)
    {
        lock (this)
        {
            TensorPrimitives.Max<float>(received, strongest, received);
        }

        strongest.Clear();
    }

    private static Span<float> Span(float* from, int count) => new(from, count);
}
