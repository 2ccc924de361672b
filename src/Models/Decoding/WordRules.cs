using static TorchSharp.torch;

namespace Madtp.Kit.Models.Decoding;

/// <summary>What generation changes in the scores of next words <c>[B, V]</c> before it chooses among them.</summary>
internal static class WordRules
{
    /// <summary>Repetition penalty, then minimum length.</summary>
    /// <param name="scores">Scores, <c>[B, V]</c>.</param>
    /// <param name="texts">The texts so far, <c>[B, N]</c> int64.</param>
    /// <param name="settings">What applies.</param>
    public static Tensor Apply(Tensor scores, Tensor texts, GenerationSettings settings)
    {
        var ruled = settings.RepetitionPenalty == 1 ? scores : Penalized(scores, texts, settings.RepetitionPenalty);
        return texts.shape[1] >= settings.MinLength ? ruled : ruled.index_fill(1, tensor([settings.EndId], device: scores.device), float.NegativeInfinity);
    }

    /// <summary>Scores divided by the temperature, −∞ for all but the k likeliest words and the nucleus of p.</summary>
    public static Tensor Narrowed(Tensor scores, SamplingSettings sampling)
    {
        var warm = sampling.Temperature == 1 ? scores : scores / sampling.Temperature;
        return Nucleus(Likeliest(warm, sampling.TopK), sampling.TopP);
    }

    private static Tensor Penalized(Tensor scores, Tensor texts, double penalty)
    {
        var had = scores.gather(1, texts); // [B, N]
        return scores.scatter(1, texts, (had * penalty).where(had.lt(0), had / penalty));
    }

    private static Tensor Likeliest(Tensor scores, int k)
    {
        if (k == 0 || k >= scores.shape[1])
        {
            return scores;
        }

        var last = scores.topk(k, 1).values.slice(1, k - 1, k, 1); // [B, 1]
        return scores.masked_fill(scores.lt(last), float.NegativeInfinity);
    }

    // A word belongs to the nucleus if likelier words do not reach p without it; the likeliest always does.
    private static Tensor Nucleus(Tensor scores, double p)
    {
        if (p >= 1)
        {
            return scores;
        }

        var (sorted, order) = scores.sort(1, descending: true);
        var reached = sorted.softmax(1).cumsum(1); // [B, V]
        var before = cat([zeros_like(reached.slice(1, 0, 1, 1)), reached.slice(1, 0, reached.shape[1] - 1, 1)], 1); // by likelier words
        var outside = zeros_like(scores, dtype: ScalarType.Bool).scatter(1, order, before.gt(p));
        return scores.masked_fill(outside, float.NegativeInfinity);
    }
}
