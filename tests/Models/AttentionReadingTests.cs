using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>What is read of an attention map, part of a batch by part or whole.</summary>
public sealed class AttentionReadingTests
{
    [Theory]
    [InlineData(60, 145, false, false)] // a part has 49 samples
    [InlineData(60, 145, true, false)]
    [InlineData(60, 145, true, true)] // the bias of a causal text is one for all samples
    [InlineData(7, 577, true, false)] // and here three; rows are filled up to 592
    [InlineData(3, 577, true, true)] // all three
    [InlineData(3, 1100, true, false)] // three of a sample's four heads
    [InlineData(3, 2100, false, true)] // one head is more than a part
    public void PartsOfABatchReadAsTheWholeDoes(int samples, int rows, bool rowsOfTheirOwn, bool causal)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var config = VisionTransformerConfig.Decoys;
        using PreNormBlock block = causal ? new ClipBlock(config.Width, config.Heads, 1, causal: true) : new VisionBlock(config);
        block.eval();
        var mask = causal ? null : (rand([samples, rows]) > 0.3).to(float32);
        var tokens = new TokenState(randn(samples, rows, config.Width)) { Mask = mask };
        var reader = new Reader(new AttentionReading(rowsOfTheirOwn ? arange(samples, dtype: int64) * 2 : null));
        block.Reducer = reader;

        var whole = (block.forward(tokens).X, reader.Seen!); // gradients are recorded: the map is kept
        using var off = inference_mode();
        var parts = (block.forward(tokens).X, reader.Seen!);

        AssertEqual(whole.X, parts.X);
        AssertEqual(whole.Item2.HeadOutput, parts.Item2.HeadOutput);
        AssertEqual(whole.Item2.Strongest, parts.Item2.Strongest);
        AssertEqual(whole.Item2.Summary, parts.Item2.Summary);
        AssertEqual(whole.Item2.Probabilities, parts.Item2.Probabilities); // computed again where it was not kept
        var row = rowsOfTheirOwn ? 2 * 2 : 0;
        AssertEqual(whole.Item2.Probabilities[2, TensorIndex.Colon, row], parts.Item2.Summary[2]);
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
