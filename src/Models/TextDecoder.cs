using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>BLIP's text decoder: a causal BERT that reads an image (or an encoded question) and scores each next word. Its tokens
/// are never reduced. Parameter names are those of its checkpoints.</summary>
public sealed class TextDecoder(BertConfig config) : Part
{
    private readonly TextTransformer bert = new(config);
    private readonly Sequential cls = TextTransformer.InitializeAsBert(
        nn.Sequential(("predictions", new LanguageModelPredictions(config))));

    public BertConfig Config => bert.Config;

    /// <inheritdoc cref="TextTransformer.Project"/>
    public ImageContext Project(ImageContext read) => bert.Project(read);

    /// <inheritdoc cref="TextTransformer.Decode"/>
    /// <returns>Scores of the word after each token, <c>[B, N, V]</c>.</returns>
    public Tensor Forward(Tensor ids, Tensor? mask, ImageContext read) => Score(bert.Decode(ids, mask, read));

    /// <summary>Scores the word after new tokens <c>[B, n]</c>, without padding, of texts whose earlier tokens a cache knows and
    /// which it adds: <c>[B, V]</c>.</summary>
    internal Tensor Step(Tensor ids, CachedDecoder cache, ImageContext read)
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

/// <summary>How well next words were foretold: cross-entropy with smoothed labels over the words after each token.</summary>
public static class LanguageModelLoss
{
    /// <summary>Label smoothing that BLIP trains and ranks with.</summary>
    public const double Smoothing = 0.1;

    /// <summary>A target that is not counted.</summary>
    public const long Ignored = -100;

    /// <summary>What of texts <c>[B, N]</c> should be foretold: all but padding and the first <paramref name="skip"/> tokens, the
    /// prompt.</summary>
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
