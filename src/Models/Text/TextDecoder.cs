using static TorchSharp.torch;

namespace Madtp.Kit.Models.Text;

/// <summary>
/// BLIP's text decoder: a causal BERT that reads an image (or an encoded question) and scores each next word. Its tokens are
/// never reduced. Parameter names are those of its checkpoints.
/// </summary>
public sealed class TextDecoder : nn.Module
{
    private readonly TextTransformer bert;
    private readonly LanguageModelHead cls;

    /// <summary>Creates the decoder with random weights.</summary>
    public TextDecoder(BertConfig config) : base(nameof(TextDecoder))
    {
        bert = TextTransformer.Med(config);
        cls = new LanguageModelHead(config);
        RegisterComponents();
        BertInitialization.Apply(cls);
    }

    /// <summary>The decoder's sizes.</summary>
    public BertConfig Config => bert.Config;

    /// <summary>Every inner width that can be pruned.</summary>
    /// <param name="name">The decoder's name in its model.</param>
    public IEnumerable<PrunableWidth> PrunableWidths(string name) =>
        bert.PrunableWidths($"{name}.{nameof(bert)}").Select(width => width with { Tower = ModelTower.Decoder });

    /// <summary>Computes the keys and values that every layer needs of what is read, so that all steps share them. Exact.</summary>
    public ImageContext Project(ImageContext read) => bert.Project(read);

    /// <summary>
    /// Scores every next word of whole texts (teacher forcing).
    /// </summary>
    /// <param name="ids">Token ids with [DEC] first, <c>[B, N]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, N]</c>; null when all are real.</param>
    /// <param name="read">What is read: one a text, or one for each run of B / b texts.</param>
    /// <returns>Scores of the word after each token, <c>[B, N, V]</c>.</returns>
    public Tensor Forward(Tensor ids, Tensor? mask, ImageContext read) => Score(bert.Decode(ids, mask, read, null));

    /// <summary>
    /// Scores the word after some new tokens of texts whose earlier tokens a cache knows.
    /// </summary>
    /// <param name="ids">The new tokens, <c>[B, n]</c> int64; no padding.</param>
    /// <param name="cache">What earlier steps computed; gets the new tokens added.</param>
    /// <param name="read">What is read, as for <see cref="Forward"/>.</param>
    /// <returns>Scores of the next word, <c>[B, V]</c>.</returns>
    public Tensor Step(Tensor ids, DecoderCache cache, ImageContext read)
    {
        var hidden = bert.Decode(ids, null, read, cache); // [B, n, D]
        return Score(hidden.slice(1, hidden.shape[1] - 1, hidden.shape[1], 1)).squeeze(1);
    }

    /// <summary>
    /// All tensors by name. The word table and the bias stand for the head's <c>decoder</c> too, as in the checkpoints.
    /// </summary>
    public override Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
    {
        var all = base.state_dict(destination, prefix);
        var decoder = (string.IsNullOrEmpty(prefix) ? string.Empty : prefix + ".") + "cls.predictions.decoder.";
        all.TryAdd(decoder + "weight", bert.WordTable);
        all.TryAdd(decoder + "bias", cls.Bias);
        return all;
    }

    private Tensor Score(Tensor hidden) => cls.Forward(hidden, bert.WordTable);
}
