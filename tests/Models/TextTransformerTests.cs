using Madtp.Kit.Models;
using Xunit;
using static TorchSharp.torch;

namespace Madtp.Kit.Tests.Models;

public class TextTransformerTests
{
    private static readonly BertConfig Config = new() { VocabularySize = 100, Width = 16, Layers = 1, Heads = 2, FeedForwardWidth = 32, MaxPositions = 8, EncoderWidth = 16, Dropout = 0.5 };

    [Fact]
    public void Dropout_falls_on_the_embeddings_too()
    {
        using var scope = NewDisposeScope();
        using var embeddings = new BertEmbeddings(Config);
        embeddings.train();
        Assert.Contains(0f, embeddings.Embed(tensor(new long[] { 1, 2, 3 }).unsqueeze(0)).detach().data<float>().ToArray());
    }

    [Fact]
    public void The_word_table_begins_with_BERTs_deviation()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        manual_seed(1);
        using var model = new TextTransformer(Config);
        Assert.Equal(0.02, model.WordTable.std().item<float>(), 0.002);
    }
}
