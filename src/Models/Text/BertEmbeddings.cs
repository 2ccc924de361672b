using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>Word plus position embeddings, normalised. BLIP's BERT has no token types.</summary>
public sealed class BertEmbeddings : nn.Module<Tensor, Tensor>
{
    private readonly Embedding word_embeddings;
    private readonly Embedding position_embeddings;
    private readonly LayerNorm LayerNorm;
    private readonly Dropout dropout;
    private readonly Tensor position_ids;

    /// <summary>Creates the tables.</summary>
    public BertEmbeddings(BertConfig config) : base(nameof(BertEmbeddings))
    {
        word_embeddings = nn.Embedding(config.VocabularySize, config.Width, padding_idx: config.PaddingId);
        position_embeddings = nn.Embedding(config.MaxPositions, config.Width);
        LayerNorm = nn.LayerNorm(config.Width, eps: config.LayerNormEpsilon);
        dropout = nn.Dropout(config.Dropout);
        position_ids = arange(config.MaxPositions, dtype: int64).unsqueeze(0);
        register_buffer("position_ids", position_ids);
        RegisterComponents();
    }

    /// <summary>The word table, <c>[V, D]</c>; language-model heads share it.</summary>
    public Parameter WordTable => word_embeddings.weight!;

    /// <summary>Ids <c>[B, N]</c> to embeddings <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor ids) => Embed(ids, 0);

    /// <summary>Ids <c>[B, N]</c> that stand at positions <paramref name="firstPosition"/> and after, to <c>[B, N, D]</c>.</summary>
    /// <exception cref="ArgumentException">The sequence is longer than the position table.</exception>
    public Tensor Embed(Tensor ids, int firstPosition)
    {
        var last = firstPosition + ids.shape[1];
        if (last > position_embeddings.weight!.shape[0])
        {
            throw new ArgumentException($"a text of {last} tokens is longer than the {position_embeddings.weight!.shape[0]} positions of this model", nameof(ids));
        }

        var positions = position_embeddings.weight!.slice(0, firstPosition, last, 1); // [N, D]
        return dropout.forward(LayerNorm.forward(word_embeddings.forward(ids) + positions));
    }
}
