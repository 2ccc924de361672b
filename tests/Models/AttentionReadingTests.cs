using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

/// <summary>What is read of an attention map, part of a batch by part or whole.</summary>
public sealed class AttentionReadingTests
{
    private const int Samples = 40, Rows = 145; // a part has 24

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)] // the bias of a causal text is one for all samples
    public void PartsOfABatchReadAsTheWholeDoes(bool rowsOfTheirOwn, bool causal)
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var config = VisionTransformerConfig.Decoys;
        using PreNormBlock block = causal ? new ClipBlock(config.Width, config.Heads, 1, causal: true) : new VisionBlock(config);
        block.eval();
        var mask = causal ? null : (rand([Samples, Rows]) > 0.3).to(float32);
        var tokens = new TokenState(randn(Samples, Rows, config.Width)) { Mask = mask };
        var reader = new Reader(new AttentionReading(rowsOfTheirOwn ? arange(Samples, dtype: int64) * 3 : null));
        block.Reducer = reader;

        var whole = (block.forward(tokens).X, reader.Seen!); // gradients are recorded: the map is kept
        using var off = inference_mode();
        var parts = (block.forward(tokens).X, reader.Seen!);

        AssertEqual(whole.X, parts.X);
        AssertEqual(whole.Item2.HeadOutput, parts.Item2.HeadOutput);
        AssertEqual(whole.Item2.Strongest, parts.Item2.Strongest);
        AssertEqual(whole.Item2.Summary, parts.Item2.Summary);
        AssertEqual(whole.Item2.Probabilities, parts.Item2.Probabilities); // computed again where it was not kept
        var row = rowsOfTheirOwn ? 3 * 14 : 0;
        AssertEqual(whole.Item2.Probabilities[14, TensorIndex.Colon, row], parts.Item2.Summary[14]);
    }

    private static void AssertEqual(Tensor expected, Tensor found)
    {
        Assert.Equal(expected.shape, found.shape);
        Assert.InRange((expected - found).abs().max().item<float>(), 0, 1e-6f);
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
