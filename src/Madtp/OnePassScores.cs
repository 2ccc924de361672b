using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Madtp.Kit.Models;
using Madtp.Kit.Runtime;
using static Madtp.Kit.Runtime.RowWise;
using static TorchSharp.torch;
using Lanes = System.Runtime.Intrinsics.Vector512<float>;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Madtp.Kit.Madtp;

/// <summary>Importance, threshold and prune mask as the paper has them (eq. 2 and 4 to 10), on a CPU without gradients: sample by
/// sample, while its numbers lie in the cache.</summary>
internal sealed unsafe class OnePassScores
{
    private const float Epsilon = 1e-8f;

    private readonly ImportanceScorer scorer;
    private readonly StridedRows raw, heads;
    private readonly StridedRows? summary, received, mask;
    private readonly int count, headCount, headWidth, learnable;
    private readonly float scale, temperature;

    private OnePassScores(ReductionContext context, ImportanceScorer scorer)
    {
        var (alignment, output) = (context.RawAlignment!, context.HeadOutput);
        (count, learnable) = (context.Candidates.Count, (int)alignment.shape[2]);
        (headCount, headWidth) = ((int)output.shape[1], (int)output.shape[3]);
        (scale, temperature) = ((float)(1 / Math.Sqrt(context.Encoder.SpaceDict!.shape[1])), (float)context.Temperature);
        this.scorer = scorer;
        raw = new(alignment);
        mask = context.Mask is { } told ? new(told) : null;
        heads = new(output);
        summary = scorer.Parts.HasFlag(ScoreParts.Class) && context.SummaryAttention is { } paid ? new(paid) : null;
        received = scorer.Parts.HasFlag(ScoreParts.Self) ? new(TokenImportance.Self(context)) : null;
    }

    /// <summary>What the policy's scorer and keep rule give; null where they must be asked.</summary>
    public static (ImportanceScores Importance, PruneMask Wanted)? Of(ReductionContext context)
    {
        if (context.Policy is not
            {
                Scorer: ImportanceScorer { SumSelf: false, SoftmaxAlignment: true } scorer,
                Keep: LearnableThresholdRule { Softmax: false },
            }
            || !Products.GoInOnePass(context.Attended.X)
            || context is not { RawAlignment: not null, Encoder.SpaceDict: not null, Candidates.IsAllButFirst: true })
        {
            return null;
        }

        var batch = (int)context.Attended.X.shape[0];
        var pass = new OnePassScores(context, scorer);
        if (pass is { summary: null, received: null } && !scorer.NeedsAlignment)
            return null;

        var (total, thresholds) = (zeros(batch, pass.count), zeros(batch, pass.learnable));
        var keep = new bool[batch * pass.count];
        InParts(batch, pass.count * pass.learnable, (first, end) =>
        {
            var numbers = (Padded(pass.learnable) + Width) * pass.count;
            var maps = (float*)NativeMemory.AlignedAlloc((nuint)numbers * sizeof(float), Width * sizeof(float));
            for (var sample = first; sample < end; sample++)
            {
                pass.Score(sample, maps, Numbers(total).Slice(sample * pass.count, pass.count),
                    Numbers(thresholds).Slice(sample * pass.learnable, pass.learnable),
                    keep.AsSpan(sample * pass.count, pass.count));
            }

            NativeMemory.AlignedFree(maps);
        });
        GC.KeepAlive(context);
        var kept = tensor(keep, [batch, pass.count]);
        kept = context.Protected is { } stays ? kept.logical_or(stays) : kept;
        ImportanceScores? parts = null;
        return (new ImportanceScores(total) { Part = part => (parts ??= scorer.Score(context)).Part(part) },
            new PruneMask(kept, thresholds) { IsFinal = true });
    }

    // maps has room for [K, N] and one row more of vectors.
    private void Score(int sample, float* maps, Span<float> total, Span<float> thresholds, Span<bool> keep)
    {
        int[] own = mask is null ? [.. Enumerable.Range(0, count)] : NonZero(new(mask.At(sample), count));
        if (own.Length == 0)
            return;

        var (importance, claims) = (new float[own.Length], new float[own.Length]);
        Align(sample, own, maps, claims);
        var parts = 0;
        Add(scorer.Parts.HasFlag(ScoreParts.Alignment) ? claims : null);
        Add(received is null ? null : Array.ConvertAll(own, token => received.At(sample)[token]));
        Add(summary is null ? null : Array.ConvertAll(own, token => Class(sample, token)), scorer.NormalizeClass);
        TensorPrimitives.Divide(importance, parts, importance); // TIS, eq. 4
        for (var k = 0; k < learnable; k += Width)
        {
            var some = Sparsemax.Average(maps + (k * own.Length), temperature, importance); // θ_k, eq. 7 and 8
            new Span<float>(&some, Math.Min(Width, learnable - k)).CopyTo(thresholds[k..]);
        }

        var threshold = TensorPrimitives.Min<float>(thresholds);
        for (var i = 0; i < own.Length; i++)
            (total[own[i]], keep[own[i]]) = (importance[i], importance[i] > threshold);

        void Add(float[]? part, bool normalized = true)
        {
            if (part is not null)
            {
                parts++;
                TensorPrimitives.Multiply(part, normalized ? 1 / (TensorPrimitives.Sum<float>(part) + Epsilon) : 1, part);
                TensorPrimitives.Add(importance, part, importance);
            }
        }
    }

    // A (eq. 2), [⌈K/16⌉, n, 16], and the strongest claim on each token (eq. 6).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Align(int sample, int[] own, float* maps, Span<float> claims)
    {
        var strongest = maps + (Padded(learnable) * own.Length); // [n, 16]
        new Span<float>(strongest, own.Length * Width).Clear();
        for (var k = 0; k < learnable; k += Width)
        {
            var some = maps + (k * own.Length);
            var most = Vector512.Create(float.NegativeInfinity);
            for (var i = 0; i < own.Length; i++)
            {
                var scores = new ReadOnlySpan<float>(raw.At(sample, own[i]) + k, Math.Min(Width, learnable - k));
                var scaled = (scores.Length == Width ? Vector512.Create(scores) : Part(scores)) * scale;
                scaled.Store(some + (i * Width));
                most = Vector512.MaxNative(most, scaled);
            }

            var sum = Lanes.Zero;
            for (var i = 0; i < own.Length; i++)
            {
                var power = Exp(Vector512.Load(some + (i * Width)) - most);
                power.Store(some + (i * Width));
                sum += power;
            }

            var whole = Vector512.ConditionalSelect(
                Vector512.LessThan(Lanes.Indices, Vector512.Create((float)(learnable - k))), Lanes.One / sum, Lanes.Zero);
            for (var i = 0; i < own.Length; i++)
            {
                var attention = Vector512.Load(some + (i * Width)) * whole;
                attention.Store(some + (i * Width));
                Vector512.MaxNative(attention, Vector512.Load(strongest + (i * Width))).Store(strongest + (i * Width));
            }
        }

        for (var i = 0; i < own.Length; i++)
            claims[i] = Greatest(Vector512.Load(strongest + (i * Width)));
    }

    private static Lanes Part(ReadOnlySpan<float> scores)
    {
        Span<float> whole = stackalloc float[Width];
        whole.Clear();
        scores.CopyTo(whole);
        return Vector512.Create<float>(whole);
    }

    // S_cls of a token before it is normalised: see TokenImportance.Class.
    private float Class(int sample, int token)
    {
        var (sum, norms) = (0f, 0f);
        for (var head = 0; head < headCount; head++)
        {
            var norm = Norm(heads.At(sample, head, token));
            (sum, norms) = (sum + (norm * summary!.At(sample, head)[token]), norms + norm);
        }

        return sum / (norms + Epsilon);
    }

    private float Norm(float* output)
    {
        if (headWidth % Width != 0)
            return TensorPrimitives.Norm(new ReadOnlySpan<float>(output, headWidth));

        var squares = Lanes.Zero;
        for (var i = 0; i < headWidth; i += Width)
        {
            var some = Vector512.Load(output + i);
            squares = Vector512.FusedMultiplyAdd(some, some, squares);
        }

        return MathF.Sqrt(Vector512.Sum(squares));
    }
}
