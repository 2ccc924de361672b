using Madtp.Kit.Madtp;
using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Madtp;

/// <summary>Sequences that do not begin with a class token: what may be pruned is what the token state says.</summary>
public class CandidateRowsTests
{
    private const int Width = 8;

    public static TheoryData<string> Policies { get; } = ["MADTP", "MADTP (paper)", "drop", "STP", "ToMe", "CrossGET", "Random"];

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_model_without_a_class_token_is_pruned_in_all_its_rows(string name)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        manual_seed(3);
        var (x, mask) = (randn(2, 12, Width), ones(2, 12));
        mask[1, TensorIndex.Slice(9, 12)] = 0;
        var bare = new TokenState(x) { Mask = mask, Candidates = ones(2, 12, dtype: @bool) };
        // The same tokens behind a class token that nobody attends to and that is nowhere in the scores.
        var led = new TokenState(cat([zeros(2, 1, Width), x], 1)) { Mask = cat([ones(2, 1), mask], 1) };
        var record = Attention(x, mask);
        var (own, kept) = Run(name, bare, record, hasClassToken: false);
        var (other, keptBehind) = Run(name, led, Behind(record), hasClassToken: false);
        Assert.Equal(keptBehind.TokensPerSample.Select(tokens => tokens - 1), kept.TokensPerSample);
        Assert.True(kept.TokensPerSample.All(tokens => tokens < 12));
        for (var b = 0; b < 2; b++)
        {
            OneBlock.Same(other.Rows(b)[1..], own.Rows(b));
            Assert.Equal(keptBehind.Positions![b][1..].Select(position => position < 0 ? position : position - 1), kept.Positions![b]);
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Image_tokens_inside_a_text_are_pruned_and_the_text_stays(string name)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        manual_seed(4);
        // Two texts of other lengths with an image at another place in each, the second padded.
        var (x, mask) = (randn(2, 20, Width), ones(2, 20));
        mask[1, TensorIndex.Slice(16, 20)] = 0;
        var image = zeros(2, 20, dtype: @bool);
        image[0, TensorIndex.Slice(3, 13)] = true;
        image[1, TensorIndex.Slice(6, 14)] = true;
        var (state, step) = Run(name, new TokenState(x) { Mask = mask, Candidates = image }, Attention(x, mask), hasClassToken: false);
        foreach (var (b, first, last, length) in new[] { (0, 3, 13, 20), (1, 6, 14, 16) })
        {
            var positions = step.Positions![b];
            var original = positions.Where(position => position >= 0).ToArray();
            Assert.Equal(original.Order(), original);
            Assert.Subset(original.ToHashSet(), Enumerable.Range(0, length).Where(n => n < first || n >= last).Select(n => (long)n).ToHashSet());
            var left = original.Count(n => n >= first && n < last);
            Assert.InRange(left, 1, last - first - (name == "MADTP (paper)" ? 0 : 1)); // max-keep: as many as the sample that keeps most
            Assert.All(original, n => Assert.True(n < length));
            // The text is untouched, and stands where its position says.
            var rows = state.Rows(b);
            Assert.All(positions.Select((position, row) => (position, row)).Where(at => at.position >= 0 && (at.position < first || at.position >= last)),
                at => Assert.Equal(x[b, at.position].Floats(), rows[at.row]));
            // The merged token, if any, may be pruned again; the text may not.
            var may = state.Candidates![b].masked_select(state.Mask![b] != 0).data<bool>().ToArray();
            Assert.All(positions.Select((position, row) => (position, row)), at => Assert.Equal(at.position < 0 || (at.position >= first && at.position < last), may[at.row]));
        }
    }

    private static (TokenState State, ReductionStep Step) Run(string name, TokenState tokens, SelfAttentionRecord record, bool hasClassToken)
    {
        var policy = name switch
        {
            "MADTP" => ReductionPolicy.Fixed,
            "MADTP (paper)" => ReductionPolicy.Paper,
            "drop" => ReductionPolicy.Fixed with { Reducer = new DropReducer() },
            _ => RivalPolicies.All[name](0.6),
        };
        manual_seed(5);
        var learnable = nn.Parameter(randn(5, Width));
        var block = new Block();
        var encoder = new ReducibleEncoder("encoder", Modality.Image, [block], () => learnable) { HasClassToken = hasClassToken };
        using var reduction = TokenReduction.Attach([encoder], policy, temperature: 3);
        using var trace = reduction.Record(TraceDetail.Positions);
        return (block.Reducer!.Reduce(tokens, tokens, record), trace.Steps[0]);
    }

    private static SelfAttentionRecord Attention(Tensor x, Tensor mask)
    {
        var heads = x.view(2, -1, 2, Width / 2).transpose(1, 2); // [B, h, N, d_h]
        var probabilities = (matmul(heads, heads.transpose(2, 3)) + TokenState.AdditiveMask(mask)).softmax(-1);
        return new SelfAttentionRecord(matmul(probabilities, heads), heads) { Probabilities = probabilities };
    }

    // The same with a class token in front that neither attends nor is attended to.
    private static SelfAttentionRecord Behind(SelfAttentionRecord record) => 
        new(nn.functional.pad(record.HeadOutput, [0, 0, 1, 0]), nn.functional.pad(record.Keys, [0, 0, 1, 0]))
        {
            Probabilities = nn.functional.pad(record.Probabilities, [1, 0, 1, 0]),
        };

    private sealed class Block : IReducibleBlock
    {
        public IBlockReducer? Reducer { get; set; }

        public AlignmentMap? QueryModel => null;
    }
}
