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
internal sealed unsafe class OnePassAttention(
    Tensor query, Tensor key, Tensor value, Tensor? bias, AttentionReading reading, double scale, Tensor output, Tensor summary,
    Tensor read)
{
    private const int Together = 8; // queries at a time

    private readonly int heads = (int)query.shape[1], length = (int)read.shape[1], width = (int)query.shape[3];
    private readonly int paddedWidth = Padded((int)query.shape[3]);
    private readonly StridedRows q = new(query), k = new(key), v = new(value);
    private readonly StridedRows? added = bias is null ? null
        : new(bias.expand(read.shape[0], query.shape[1], read.shape[1], read.shape[1]));

    private readonly bool isOneBias = bias is null || bias.shape is [_, 1, 1, _]; // for all heads and queries of a sample
    private readonly bool[]? counts = reading.StrongestQuery ? reading.Counts(read.shape[0], (int)read.shape[1]) : null;
    private readonly float[]? filled = reading.Filled is null ? null
        : Numbers(reading.Filled.As(float32).contiguous()).ToArray();

    private readonly bool isPacked = reading.IsPacked(query);
    private readonly long[]? summaryRows = reading.SummaryRows?.data<long>().ToArray();
    private readonly float* outputs = StridedRows.Start(output), summaries = StridedRows.Start(summary);
    private readonly float* reads = StridedRows.Start(read);
    private readonly float factor = (float)scale;

    /// <summary>softmax(scale · Q Kᵀ + bias) V and what is read of the softmax; 0 in rows that hold no token.</summary>
    /// <param name="query">Q, <c>[B, h, N, d_h]</c> like K and V; or of the n rows alone that hold a token,
    /// <c>[1, h, n, d_h]</c>.</param>
    /// <param name="bias">Broadcasts to <c>[B, h, N, N]</c>; null adds nothing.</param>
    public static SelfAttentionRecord Attend(
        Tensor query, Tensor key, Tensor value, Tensor? bias, AttentionReading reading, double scale)
    {
        var whole = reading.IsPacked(query) ? reading.Filled! : query.select(1, 0); // [B, N, …]
        var (batch, heads, length) = (whole.shape[0], query.shape[1], whole.shape[1]);
        var output = zeros(batch, length, heads, query.shape[3]);
        var summary = zeros(batch, heads, length);
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
        var most = Padded(length);
        var (inKeys, inMaps, inValues, inOutputs) = (width * most, Together * most, length * paddedWidth, Together * paddedWidth);
        var numbers = inKeys + inMaps + most + inValues + inOutputs + (Together * width);
        var keys = (float*)NativeMemory.AlignedAlloc((nuint)numbers * sizeof(float), Width * sizeof(float)); // Kᵀ, [d_h, n]
        new Span<float>(keys, numbers).Clear();
        float* maps = keys + inKeys, strongest = maps + inMaps, values = strongest + most; // [8, n], [n], [n, d_h]
        float* products = values + inValues, queries = products + inOutputs; // [8, d_h] each
        var own = Own(firstHead / heads);
        for (var head = firstHead; head < endHead; head++)
        {
            var (sample, ofSample) = Math.DivRem(head, heads);
            own = own.Sample == sample ? own : Own(sample);
            var (columns, size) = (own.Padded, width); // no store changes them
            for (var row = 0; row < own.Count; row++)
            {
                float* from = At(k, own, ofSample, row), to = keys + row;
                for (var i = 0; i < size; i++, to += columns)
                    *to = from[i];

                Scale(At(v, own, ofSample, row), 1, values + (row * paddedWidth), size);
            }

            for (var row = 0; row < own.Count; row += Together)
            {
                Queries(own, ofSample, row, queries, keys, maps, strongest);
                Multiply(maps, own.Padded, values, own.Count, paddedWidth, products);
                for (var i = 0; i < Math.Min(Together, own.Count - row); i++)
                {
                    var to = ((((long)sample * length) + own.Rows[row + i]) * heads) + ofSample;
                    Scale(products + (i * paddedWidth), 1, outputs + (to * size), size);
                }
            }

            if (counts is not null && (head == endHead - 1 || ofSample == heads - 1))
            {
                lock (this)
                    PutMaximum(own, strongest, reads + ((long)sample * length));

                Span(strongest, own.Padded).Clear();
            }
        }

        NativeMemory.AlignedFree(keys);
    }

    private Tokens Own(int sample)
    {
        int[] rows = filled is null ? [.. Enumerable.Range(0, length)] : NonZero(filled.AsSpan(sample * length, length));
        var before = isPacked ? (sample * length) - filled.AsSpan(0, sample * length).Count(0f) : 0;
        var own = new Tokens(sample, rows, []) { Before = before };
        var ofSample = added is null || !isOneBias ? [] : own.Of(added.At(sample)).ToArray();
        return Array.TrueForAll(ofSample, one => one == 0) ? own : own with { Added = ofSample };
    }

    private float* At(StridedRows all, Tokens own, int head, int token) =>
        isPacked ? all.At(0, head, own.Before + token) : all.At(own.Sample, head, own.Rows[token]);

    // The rows of the map from some query on, after their softmax.
    private void Queries(Tokens own, int head, int first, float* queries, float* keys, float* maps, float* strongest)
    {
        var rows = Math.Min(Together, own.Count - first);
        for (var i = 0; i < rows; i++)
            Scale(At(q, own, head, first + i), factor, queries + (i * width), width);

        Multiply(queries, width, keys, width, own.Padded, maps);
        var isCounted = stackalloc bool[Together];
        for (var i = 0; i < rows; i++)
        {
            var row = own.Rows[first + i];
            isCounted[i] = counts is not null && counts[(own.Sample * length) + row];
            var map = maps + (i * own.Padded);
            var ofKeys = isOneBias ? own.Added : own.Of(added!.At(own.Sample, head, row));
            if (ofKeys.Length > 0)
                TensorPrimitives.Add(Span(map, own.Count), ofKeys, Span(map, own.Count));
        }

        Softmax(maps, own, rows, isCounted, strongest);
        for (var i = 0; i < rows; i++)
        {
            var row = own.Rows[first + i];
            var map = maps + (i * own.Padded);
            if (row == (summaryRows?[own.Sample] ?? 0))
                PutMaximum(own, map, summaries + ((((long)own.Sample * heads) + head) * length));

            if (counts is null)
                PutMaximum(own, map, reads + ((((long)own.Sample * length) + row) * length));
        }
    }

    // Attention to a sample's tokens, where it exceeds what stands in their rows.
    private static void PutMaximum(Tokens own, float* attention, float* rows)
    {
        for (var i = 0; i < own.Count; i++)
            rows[own.Rows[i]] = MathF.Max(rows[own.Rows[i]], attention[i]);
    }

    // Softmax of some rows of the map, all at the same step, as each step of a row waits for the one before; where one that is
    // counted exceeds the strongest attention so far, it becomes that.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(float* maps, Tokens own, int rows, bool* isCounted, float* strongest)
    {
        var (columns, last) = (own.Padded, own.Last);
        var ofRow = stackalloc float[Together]; // the greatest score, then what each power is divided by
        for (var row = 0; row < rows; row++)
        {
            float* map = maps + (row * columns), end = map + columns;
            Vector512.ConditionalSelect(last, Vector512.Load(end - Width), Vector512.Create(float.NegativeInfinity))
                .Store(end - Width);
            var most = Vector512.Load(map);
            for (var at = map + Width; at < end; at += Width)
                most = Vector512.MaxNative(most, Vector512.Load(at));

            ofRow[row] = Greatest(most);
        }

        for (var row = 0; row < rows; row++)
        {
            float* map = maps + (row * columns), end = map + columns;
            var (greatest, sum) = (Vector512.Create(ofRow[row]), Lanes.Zero);
            for (var at = map; at < end; at += Width)
            {
                var power = Exp(Vector512.Load(at) - greatest);
                power.Store(at);
                sum += power;
            }

            ofRow[row] = 1 / Vector512.Sum(sum);
        }

        for (var column = 0; column < columns; column += Width)
        {
            var most = Vector512.Load(strongest + column);
            for (var row = 0; row < rows; row++)
            {
                var at = maps + (row * columns) + column;
                var attention = Vector512.Load(at) * Vector512.Create(ofRow[row]);
                attention.Store(at);
                most = isCounted[row] ? Vector512.MaxNative(attention, most) : most;
            }

            most.Store(strongest + column);
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

    // Inlined: a call takes longer than a head's few numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(float* from, float factor, float* to, int count)
    {
        var i = 0;
        for (; i <= count - Width; i += Width)
            (Vector512.Load(from + i) * factor).Store(to + i);

        for (; i < count; i++)
            to[i] = from[i] * factor;
    }

    private static Span<float> Span(float* from, int count) => new(from, count);

    // The rows of a sample that hold a token, and what the scores of each as a key get added; nothing where that is 0.
    private sealed record Tokens(int Sample, int[] Rows, float[] Added)
    {
        public int Count => Rows.Length;

        // Tokens of the samples before.
        public int Before { get; init; }

        public int Padded { get; } = RowWise.Padded(Rows.Length);

        // Of numbers for every row those for the tokens.
        public ReadOnlySpan<float> Of(float* all) =>
            Count > 0 && Rows[^1] == Count - 1 ? Span(all, Count) : Array.ConvertAll(Rows, row => all[row]);

        // All bits of those numbers of a row's last vector that are scores.
        public Lanes Last { get; } = Vector512.LessThan(
            Lanes.Indices, Vector512.Create((float)(Rows.Length - RowWise.Padded(Rows.Length) + Width)));
    }
}
