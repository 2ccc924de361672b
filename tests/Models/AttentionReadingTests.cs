using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>What is read of attention in one pass, and of its map.</summary>
public sealed class AttentionReadingTests
{
    [Theory]
    [InlineData(60, 145, false, false)]
    [InlineData(60, 145, true, false)]
    [InlineData(60, 145, true, true)] // the bias of a causal text is one for all samples
    [InlineData(3, 577, true, false)]
    [InlineData(1, 1100, false, true)]
    [InlineData(5, 3, true, false)] // fewer than are taken together
    [InlineData(2, 16, false, true)]
    public void OnePassReadsWhatTheMapSays(int samples, int rows, bool rowsOfTheirOwn, bool causal)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var config = VisionTransformerConfig.Decoys;
        using PreNormBlock block = causal ? new ClipBlock(config.Width, config.Heads, 1, causal: true) : new VisionBlock(config);
        block.eval();
        var mask = causal ? null : (rand([samples, rows]) > 0.3).to(float32);
        var tokens = new TokenState(randn(samples, rows, config.Width)) { Mask = mask };
        var summaryRows = rowsOfTheirOwn ? arange(samples, dtype: int64) % rows : null;
        var candidates = causal ? null : rand([samples, rows]) > 0.2;
        foreach (var reading in new AttentionReading[]
        {
            new(summaryRows), new(summaryRows) { StrongestQuery = false }, new(summaryRows) { Mask = mask },
            new(summaryRows) { Mask = mask, Candidates = candidates },
        })
        {
            var reader = new Reader(reading);
            block.Reducer = reader;
            var (whole, map) = (block.forward(tokens).X, reader.Seen!); // gradients are recorded: the map is kept
            using var off = inference_mode();
            var (once, read) = (block.forward(tokens).X, reader.Seen!);

            AssertEqual(whole, once);
            AssertEqual(map.HeadOutput, read.HeadOutput);
            AssertEqual(map.Received, read.Received); // computed again where it was not read, like these
            AssertEqual(map.Strongest, read.Strongest);
            AssertEqual(map.Summary, read.Summary);
            AssertEqual(map.Probabilities, read.Probabilities);
            var (last, row) = (samples - 1, rowsOfTheirOwn ? (samples - 1) % rows : 0);
            AssertEqual(map.Probabilities[last, TensorIndex.Colon, row], read.Summary[last]);
        }
    }

    /// <summary>Widths of heads that fill no vector, scores so far apart that all attention but one key's is 0, and rows where every
    /// key is masked.</summary>
    [Theory]
    [InlineData(8, 24, 0f)]
    [InlineData(8, 8, 0f)] // as wide as long
    [InlineData(3, 5, 200f)]
    [InlineData(20, 33, -10000f)]
    [InlineData(20, 33, float.NegativeInfinity)]
    public void OddWidthsAndExtremeScoresAreTheSame(int width, int length, float added)
    {
        using var off = inference_mode();
        using var scope = NewDisposeScope();
        manual_seed(5);
        var (query, key, value) = (randn(2, 3, length, width) * 3, randn(2, 3, length, width) * 3, randn(2, 3, length, width));
        var bias = where(rand(2, 1, 1, length) > 0.5, zeros(1), full([1], added));
        var read = OnePassAttention.Attend(query, key, value, bias, new AttentionReading(), 0.25);
        var map = (query.matmul(key.transpose(2, 3)) * 0.25 + bias).softmax(-1);
        AssertEqual(map.matmul(value), read.HeadOutput);
        AssertEqual(map.amax([1]).slice(1, 1, length, 1).amax([1]), read.Received);
        AssertEqual(map.select(2, 0), read.Summary);
    }

    /// <summary>Rows that hold no token are no keys and no queries, whatever stands in them, and their output is 0.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RowsWithoutATokenAreLeftOut(bool causal)
    {
        using var off = inference_mode();
        using var scope = NewDisposeScope();
        manual_seed(6);
        var filled = new[] { ones(1, 40), cat([ones(1, 17), zeros(1, 22), ones(1, 1)], 1), cat([ones(1, 3), zeros(1, 37)], 1) };
        Tensor[] parts = [randn(3, 4, 40, 16), randn(3, 4, 40, 16), randn(3, 4, 40, 16)];
        var bias = causal ? randn(1, 1, 40, 40) : randn(3, 1, 1, 40);
        var reading = new AttentionReading { Filled = cat(filled, 0) };
        var together = OnePassAttention.Attend(parts[0], parts[1], parts[2], bias, reading, 0.25);
        for (var sample = 0; sample < 3; sample++)
        {
            var rows = filled[sample].squeeze(0).nonzero().squeeze(1);
            Tensor Own(Tensor all, int dimension) => all[sample].unsqueeze(0).index_select(dimension, rows);
            var added = causal ? bias.index_select(2, rows).index_select(3, rows) : Own(bias, 3);
            var alone = OnePassAttention.Attend(
                Own(parts[0], 2), Own(parts[1], 2), Own(parts[2], 2), added, new AttentionReading(), 0.25);
            AssertEqual(alone.HeadOutput, Own(together.HeadOutput, 2));
            AssertEqual(alone.Received, Own(together.Received, 1));
            AssertEqual(alone.Summary, Own(together.Summary, 2));
            var others = (1 - filled[sample]).unsqueeze(2); // [1, N, 1]
            Assert.Equal(0, (together.HeadOutput[sample].abs().amax([0]) * others.squeeze(0)).max().item<float>());
        }
    }

    /// <summary>A block on the packed rows of its samples gives these what it gives them among rows that hold no token.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)] // what nobody reads goes through libtorch's own attention
    public void PackedRowsGiveWhatAllRowsGive(bool isRead)
    {
        using var off = inference_mode();
        using var scope = NewDisposeScope();
        manual_seed(7);
        var config = VisionTransformerConfig.Decoys;
        using var block = new VisionBlock(config);
        block.eval();
        var filled = cat([ones(1, 40), cat([ones(1, 17), zeros(1, 22), ones(1, 1)], 1), cat([ones(1, 3), zeros(1, 37)], 1)], 0);
        var x = randn(3, 40, config.Width);
        var before = x.clone();
        var all = new TokenState(x) { Mask = filled, Filled = filled };
        var packed = all with { Packed = filled.flatten().nonzero().squeeze(1) };
        var reader = isRead ? new Reader(new AttentionReading { Mask = filled, Filled = filled }) : null;
        block.Reducer = reader;
        var (whole, expected) = (block.forward(all).X, reader?.Seen);
        var (own, found) = (block.forward(packed).X, reader?.Seen);
        Tensor Tokens(Tensor each) => each * filled.unsqueeze(2);
        AssertEqual(Tokens(whole), Tokens(own));
        AssertEqual(before, x);
        if (expected is not null)
        {
            AssertEqual(expected.HeadOutput, found!.HeadOutput);
            AssertEqual(expected.Received, found.Received);
            AssertEqual(expected.Summary, found.Summary);
            AssertEqual(expected.Keys * filled.view(3, 1, 40, 1), found.Keys);
            AssertEqual(expected.Probabilities[0], found.Probabilities[0]);
            AssertEqual(expected.Probabilities[1, .., ..17], found.Probabilities[1, .., ..17]);
        }
    }

    [Fact]
    public void WhatIsNoNumberStaysNone()
    {
        using var off = inference_mode();
        using var scope = NewDisposeScope();
        var (query, key) = (ones(1, 1, 20, 4), ones(1, 1, 20, 4));
        key[0, 0, 3, 1] = float.NaN;
        Assert.True(OnePassAttention.Attend(query, key, key, null, new AttentionReading(), 1).HeadOutput.isnan().all().item<bool>());
    }

    private static void AssertEqual(Tensor expected, Tensor found)
    {
        Assert.Equal(expected.shape, found.shape);
        Assert.InRange((expected - found).abs().max().item<float>(), 0, 3e-6f); // of numbers up to 5
    }

    private sealed class Reader(AttentionReading reading) : IBlockReducer
    {
        public SelfAttentionRecord? Seen { get; private set; }

        public bool ExcludesPadding => false;

        public AttentionReading? Reads(TokenState input) => reading;

        public TokenState Reduce(TokenState input, TokenState attended, SelfAttentionRecord attention)
        {
            Seen = attention;
            return attended;
        }
    }
}
