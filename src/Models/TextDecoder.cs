using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>BLIP's text decoder: a causal BERT that reads an image (or an encoded question) and scores each next word. Its tokens
/// are never reduced. Parameter names are those of its checkpoints.</summary>
public sealed class TextDecoder : nn.Module
{
    private readonly TextTransformer bert;
    private readonly Sequential cls;

    /// <summary>Creates the decoder with random weights.</summary>
    public TextDecoder(BertConfig config) : base(nameof(TextDecoder))
    {
        bert = new TextTransformer(config);
        cls = nn.Sequential(("predictions", new LanguageModelPredictions(config)));
        RegisterComponents();
        TextTransformer.InitializeAsBert(cls);
    }

    public BertConfig Config => bert.Config;

    /// <summary>Computes the keys and values that every layer needs of what is read, once for all steps. Exact.</summary>
    public ImageContext Project(ImageContext read) => bert.Project(read);

    /// <summary>Scores every next word of whole texts (teacher forcing).</summary>
    /// <param name="ids">Token ids with [DEC] first, <c>[B, N]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, N]</c>; null when all are real.</param>
    /// <param name="read">What is read: one a text, or one for each run of B / b texts.</param>
    /// <returns>Scores of the word after each token, <c>[B, N, V]</c>.</returns>
    public Tensor Forward(Tensor ids, Tensor? mask, ImageContext read) => Score(bert.Decode(ids, mask, read, null));

    /// <summary>Scores the word after some new tokens of texts whose earlier tokens a cache knows.</summary>
    /// <param name="ids">The new tokens, <c>[B, n]</c> int64; no padding.</param>
    /// <param name="cache">What earlier steps computed; gets the new tokens added.</param>
    /// <param name="read">What is read, as for <see cref="Forward"/>.</param>
    /// <returns>Scores of the next word, <c>[B, V]</c>.</returns>
    public Tensor Step(Tensor ids, DecoderCache cache, ImageContext read)
    {
        var hidden = bert.Decode(ids, null, read, cache); // [B, n, D]
        return Score(hidden.slice(1, hidden.shape[1] - 1, hidden.shape[1], 1)).squeeze(1);
    }

    /// <summary>All tensors by name. Word table and bias stand for the head's <c>decoder</c> too, as in checkpoints.</summary>
    public override Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
    {
        var all = base.state_dict(destination, prefix);
        var decoder = (string.IsNullOrEmpty(prefix) ? string.Empty : prefix + ".") + "cls.predictions.decoder.";
        all.TryAdd(decoder + "weight", bert.WordTable);
        all.TryAdd(decoder + "bias", Bias);
        return all;
    }

    private Tensor Bias => ((LanguageModelPredictions)cls[0]).Bias;

    private Tensor Score(Tensor hidden) => nn.functional.linear(cls.forward(hidden), bert.WordTable, Bias);
}

/// <summary>What a decoder's last hidden state goes through before the words are scored, and the bias of the scores
/// (<c>predictions</c> in the checkpoints). The matrix between is the word table of the embeddings; the checkpoints name both a
/// second time under <c>decoder</c>.</summary>
public sealed class LanguageModelPredictions : nn.Module<Tensor, Tensor>
{
    private readonly Sequential transform;
    private readonly Parameter bias;

    public LanguageModelPredictions(BertConfig config) : base(nameof(LanguageModelPredictions))
    {
        transform = nn.Sequential(
            ("dense", nn.Linear(config.Width, config.Width)),
            ("gelu", nn.GELU()),
            ("LayerNorm", nn.LayerNorm(config.Width, eps: config.LayerNormEpsilon)));
        bias = nn.Parameter(zeros([config.VocabularySize]));
        RegisterComponents();
    }

    /// <summary>The bias, <c>[V]</c>.</summary>
    internal Tensor Bias => bias;

    /// <summary><c>[B, N, D]</c> to <c>[B, N, D]</c>.</summary>
    public override Tensor forward(Tensor hidden) => transform.forward(hidden);
}

/// <summary>Keys and values that each layer of a text decoder has computed for the tokens so far, so that a step computes those
/// of its new token alone. Exact: a causal layer's keys and values of a token do not depend on later ones. For inference only; it
/// owns its tensors and frees those that a step replaces.</summary>
public sealed class DecoderCache(int depth) : IDisposable
{
    private readonly KeyValue?[] layers = new KeyValue?[depth];

    /// <summary>Tokens whose keys and values are held.</summary>
    public int Length => layers is [{ } first, ..] ? (int)first.Key.shape[2] : 0;

    /// <summary>Makes row i go on from what was row <paramref name="rows"/>[i], <c>[B']</c> int64; for searches that drop and
    /// fork texts.</summary>
    public void Reorder(Tensor rows)
    {
        for (var layer = 0; layer < layers.Length; layer++)
        {
            if (layers[layer] is { } held)
            {
                Hold(layer, new KeyValue(held.Key.index_select(0, rows), held.Value.index_select(0, rows)));
            }
        }
    }

    public void Dispose()
    {
        for (var layer = 0; layer < layers.Length; layer++)
        {
            Hold(layer, null);
        }
    }

    /// <summary>Adds a layer's newest keys and values, each <c>[B, h, n, d_h]</c>, and returns all of them.</summary>
    internal KeyValue Append(int layer, KeyValue newest)
    {
        var all = layers[layer] is { } held
            ? new KeyValue(cat([held.Key, newest.Key], 2), cat([held.Value, newest.Value], 2))
            : newest;
        Hold(layer, all);
        return all;
    }

    private void Hold(int layer, KeyValue? keyValue)
    {
        layers[layer]?.Key.Dispose();
        layers[layer]?.Value.Dispose();
        layers[layer] = keyValue is null ? null
            : new KeyValue(keyValue.Key.DetachFromDisposeScope(), keyValue.Value.DetachFromDisposeScope());
    }
}

/// <summary>How well next words were foretold: cross-entropy with smoothed labels over the words after each token.</summary>
public static class LanguageModelLoss
{
    /// <summary>Label smoothing that BLIP trains and ranks with.</summary>
    public const double Smoothing = 0.1;

    /// <summary>A target that is not counted.</summary>
    public const long Ignored = -100;

    /// <summary>What should be foretold: the texts themselves, without padding and beginning. <c>[B, N]</c> int64</summary>
    /// <param name="ids">Token ids, <c>[B, N]</c> int64.</param>
    /// <param name="paddingId">Id of the padding piece.</param>
    /// <param name="skip">Tokens at the beginning that are given rather than foretold: the prompt.</param>
    public static Tensor Targets(Tensor ids, long paddingId, int skip = 0)
    {
        var targets = ids.masked_fill(ids.eq(paddingId), Ignored);
        return skip == 0 ? targets
            : cat([full_like(targets.slice(1, 0, skip, 1), Ignored), targets.slice(1, skip, ids.shape[1], 1)], 1);
    }

    /// <summary>The mean over all counted words of all texts: scores <c>[B, N, V]</c>, targets <c>[B, N]</c>.</summary>
    public static Tensor Mean(Tensor logits, Tensor targets) => CrossEntropy(logits, targets, nn.Reduction.Mean);

    /// <summary>The sum over the counted words of each text: scores <c>[B, N, V]</c> and targets <c>[B, N]</c> to
    /// <c>[B]</c>.</summary>
    public static Tensor PerText(Tensor logits, Tensor targets) =>
        CrossEntropy(logits, targets, nn.Reduction.None).view(logits.shape[0], -1).sum(1);

    // The scores at a token foretell the next one.
    private static Tensor CrossEntropy(Tensor logits, Tensor targets, nn.Reduction reduction)
    {
        var (length, words) = (logits.shape[1], logits.shape[2]);
        return nn.functional.cross_entropy(
            logits.slice(1, 0, length - 1, 1).reshape(-1, words),
            targets.slice(1, 1, length, 1).reshape(-1),
            ignore_index: Ignored,
            reduction: reduction,
            label_smoothing: Smoothing);
    }
}
