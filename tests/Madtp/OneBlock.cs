using FsCheck;
using FsCheck.Fluent;
using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

/// <summary>What a policy's parts see in one block of a made-up encoder, for tests of a part on its own.</summary>
internal static class OneBlock
{
    public static Config Cases { get; } = Config.QuickThrowOnFailure.WithMaxTest(60).WithReplay(7, 7).WithQuietOnSuccess(true);

    public static Gen<(int Seed, int[] Lengths, double Ratio)> Blocks { get; } =
        from seed in Gen.Choose(1, 1000)
        from first in Gen.Choose(1, 13)
        from second in Gen.Choose(1, 13)
        from ratio in Gen.Choose(10, 95)
        select (seed, (int[])[first, second], ratio / 100.0);

    /// <summary>Random tokens, attention and keys of <paramref name="lengths"/>.Length samples, padded to the longest; lengths without the class token.</summary>
    public static ReductionContext Random(int seed, int[] lengths, int layer = 0, int depth = 4, Modality modality = Modality.Text, int width = 8, int heads = 2)
    {
        manual_seed(seed);
        var (batch, candidates) = (lengths.Length, lengths.Max());
        var x = randn(batch, candidates + 1, width);
        var mask = zeros(batch, candidates + 1);
        for (var b = 0; b < batch; b++)
            mask[b, TensorIndex.Slice(0, lengths[b] + 1)] = 1;

        var scores = randn(batch, heads, candidates + 1, candidates + 1) + TokenState.AdditiveMask(mask);
        var perHead = width / heads;
        var record = new SelfAttentionRecord(randn(batch, heads, candidates + 1, perHead), randn(batch, heads, candidates + 1, perHead))
        {
            Probabilities = scores.softmax(-1), Reading = new AttentionReading { Mask = mask },
        };
        var encoder = new ReducibleEncoder("encoder", modality, [.. Enumerable.Range(0, depth).Select(_ => new Block())], null);
        var tokens = new TokenState(x) { Mask = mask, Entered = tensor(lengths.Select(n => (long)n).ToArray()) };
        return new ReductionContext(ReductionPolicy.Fixed, encoder, layer, tokens, record, CandidateRows.Of(tokens, mask));
    }

    /// <summary>Scores, decides and reduces as an attached policy does. <c>Kept</c> is null where everything stays.</summary>
    public static (TokenState Tokens, KeptRows? Kept, ImportanceScores Importance) Reduce(this ReductionPolicy policy, ReductionContext context)
    {
        context = context with { Policy = policy };
        var importance = policy.Scorer.Score(context);
        var kept = KeptRows.Of(policy.Keep.Decide(importance, context), importance.Total, context);
        return (kept is null ? context.Attended : policy.Reducer.Reduce(importance, kept, context), kept, importance);
    }

    /// <summary>The tokens of one sample that go on, class token first, padding left out.</summary>
    public static float[][] Rows(this TokenState tokens, int sample)
    {
        var real = tokens.Mask?[sample].Floats() ?? [.. Enumerable.Repeat(1f, tokens.Length)];
        return [.. Enumerable.Range(0, real.Length).Where(i => real[i] != 0).Select(i => tokens.X[sample][i].Floats())];
    }

    /// <summary>Asserts that two lists of tokens are the same but for rounding.</summary>
    public static void Same(IReadOnlyList<float[]> expected, IReadOnlyList<float[]> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach (var (wanted, row) in expected.Zip(actual))
            Assert.All(wanted.Zip(row), pair => Assert.Equal(pair.First, pair.Second, 2e-5f));
    }

    /// <summary>A tensor's numbers as an array, for plain loops.</summary>
    public static float[] Floats(this Tensor tensor) => tensor.detach().contiguous().data<float>().ToArray();

    private sealed class Block : IReducibleBlock
    {
        public IBlockReducer? Reducer { get; set; }

        public AlignmentMap? QueryModel => null;
    }
}
