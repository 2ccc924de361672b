using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Sizes of a BERT encoder as BLIP uses it (MED: multimodal mixture of encoder and decoder).</summary>
/// <param name="VocabularySize">BLIP adds [DEC] and [ENC] to bert-base-uncased's 30,522 pieces.</param>
/// <param name="Width">D, width of a token.</param>
/// <param name="MaxPositions">Longest sequence.</param>
/// <param name="LayerNormEpsilon">Added to the variance in every LayerNorm.</param>
/// <param name="EncoderWidth">Width of the image tokens that cross-attention reads.</param>
/// <param name="Dropout">On hidden states in training.</param>
/// <param name="PaddingId">Id of the padding piece, whose embedding stays zero at initialisation.</param>
/// <param name="FirstMergeLayer">First layer that merges two images by a learned layer (NLVR2); earlier ones average.</param>
public sealed record BertConfig(
    int VocabularySize = 30524, int Width = 768, int Layers = 12, int Heads = 12, int FeedForwardWidth = 3072,
    int MaxPositions = 512, double LayerNormEpsilon = 1e-12, int EncoderWidth = 768, double Dropout = 0, int PaddingId = 0,
    int FirstMergeLayer = 6);

/// <summary>BLIP's text transformer: BERT embeddings and layers that can read images. Parameter names are those of its
/// checkpoints.</summary>
public sealed class TextTransformer : nn.Module, IRecomputing
{
    private readonly BertEmbeddings embeddings;
    private readonly Stack encoder;

    /// <param name="readsPairs">Whether its layers read a pair of images (NLVR2) rather than one (MED).</param>
    public TextTransformer(BertConfig config, AlignmentConfig? alignment = null, bool readsPairs = false)
        : base(nameof(TextTransformer))
    {
        Config = config;
        var maps = AlignmentMap.ForLayers(alignment, config.Width, config.Layers);
        embeddings = new BertEmbeddings(config);
        encoder = new Stack(maps.Select((map, layer) => new BertLayer(config, Cross(layer), map)));
        RegisterComponents();
        InitializeAsBert(this);

        CrossAttention Cross(int layer) => readsPairs
            ? new PairCrossAttention(config, merges: layer >= config.FirstMergeLayer) : new SingleCrossAttention(config);
    }

    public BertConfig Config { get; }
    public bool Recomputes { get; set; }
    public IReadOnlyList<BertLayer> Layers => [.. encoder.layer];

    /// <summary>The word table, <c>[V, D]</c>, which a language-model head shares.</summary>
    public Parameter WordTable => embeddings.WordTable;

    /// <summary>Computes the keys and values that every layer needs of an image, so that many passes can share them.
    /// Exact.</summary>
    public ImageContext Project(ImageContext image) =>
        image with { PerLayer = [.. Layers.Select(layer => layer.Project(image.Tokens))] };

    /// <summary>Encodes texts that read images, or are alone.</summary>
    /// <param name="ids">Token ids, <c>[B, N]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
    /// <returns>Hidden states of the last layer, <c>[B, N', D]</c>.</returns>
    public TokenState Forward(Tensor ids, Tensor mask, IReadOnlyList<ImageContext> images)
    {
        var (hidden, index) = (embeddings.Embed(ids), 0); // [B, N, D]
        images = [.. images.Select(image => image with { Bias = image.AttentionBias() })]; // one for all layers
        return BlockStack.Run(
            Layers, new TokenState(hidden, mask.to(hidden.dtype)), (layer, state) => Run(layer, state, At(images, index++)));
    }

    /// <summary>Runs the layers as a decoder: every token reads itself, earlier tokens, and the image. Tokens are never
    /// reduced.</summary>
    /// <param name="ids">New tokens, <c>[B, n]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, n]</c>; null when all are real, as they must be where a cache goes
    /// on.</param>
    /// <param name="read">What is read: one a text, or one for each run of B / b texts.</param>
    /// <param name="cache">What earlier steps computed; gets the new tokens added. Null where all tokens are new.</param>
    /// <returns>Hidden states of the last layer, <c>[B, n, D]</c>.</returns>
    /// <exception cref="ArgumentException">A mask was given beside a cache that goes on, or the text is too long.</exception>
    public Tensor Decode(Tensor ids, Tensor? mask, ImageContext read, CachedDecoder? cache = null)
    {
        var before = cache?.Length ?? 0;
        Guard.Argument(mask is null || before <= 0,
            $"a mask covers whole texts; where a cache goes on with new tokens none of them is padding", nameof(mask));
        var tokens = embeddings.Embed(ids, before); // [B, n, D]
        var bias = DecoderBias(ids.shape[1], before + ids.shape[1], mask, tokens);
        foreach (var (index, layer) in Layers.Index())
        {
            using var scope = NewDisposeScope();
            tokens = layer.Decode(tokens, bias, read.At(index), cache, index).MoveToOuterDisposeScope();
        }

        return tokens;
    }

    private TokenState Run(BertLayer layer, TokenState state, IReadOnlyList<ImageContext> images)
    {
        var random = training && Config.Dropout > 0;
        return Recomputes && images.All(image => image.KeyValue is null)
            ? Recomputation.Run(Forward, state, images, random)
            : Forward(state, images);

        // A GPU drops by a seed of the processor's, which is the same again where a layer is run again.
        TokenState Forward(TokenState tokens, IReadOnlyList<ImageContext> seen)
        {
            if (random)
                RandomState.SeedGpuOf(tokens.X.device);

            return layer.Forward(tokens, seen);
        }
    }

    // Each layer reads the images under a name of its own, so that its gradients are summed before they join those of other
    // layers, with recomputation or without: floating-point sums depend on their order.
    private static IReadOnlyList<ImageContext> At(IReadOnlyList<ImageContext> images, int index) =>
        [.. images.Select(image => (is_grad_enabled() ? image with { Tokens = image.Tokens.alias() } : image).At(index))];

    /// <summary>BERT's initialisation of every linear layer and embedding below a module: weights of deviation 0.02, zero
    /// biases.</summary>
    internal static T InitializeAsBert<T>(T module)
        where T : nn.Module
    {
        using var off = no_grad();
        foreach (var child in module.modules())
        {
            switch (child)
            {
                case Linear linear:
                    linear.weight.normal_(0, 0.02);
                    linear.bias?.zero_();
                    break;
                case Embedding embedding:
                    embedding.weight!.normal_(0, 0.02);
                    break;
            }
        }

        return module;
    }

    // −10000 where one of the last n of N tokens may not look, 0 elsewhere, as BERT writes it: [B or 1, 1, n, N].
    private static Tensor? DecoderBias(long rows, long length, Tensor? mask, Tensor like)
    {
        if (rows == 1 && mask is null)
        {
            return null; // the last token reads all
        }

        // [1, 1, n, N]
        var earlier = ones([rows, length], dtype: like.dtype, device: like.device).tril(length - rows).unsqueeze(0).unsqueeze(0);
        var allowed = mask is null ? earlier : earlier * mask.to(like.dtype).unsqueeze(1).unsqueeze(1);
        return (1 - allowed) * -10000.0;
    }

    // The layers, as the checkpoints call them.
    private sealed class Stack(IEnumerable<BertLayer> layers) : Part
    {
        public readonly ModuleList<BertLayer> layer = new([.. layers]);
    }
}

/// <summary>Word plus position embeddings, normalised. BLIP's BERT has no token types.</summary>
public sealed class BertEmbeddings(BertConfig config) : Part
{
    private readonly Embedding word_embeddings = nn.Embedding(
        config.VocabularySize, config.Width, padding_idx: config.PaddingId);

    private readonly Embedding position_embeddings = nn.Embedding(config.MaxPositions, config.Width);
    private readonly LayerNorm LayerNorm = nn.LayerNorm(config.Width, eps: config.LayerNormEpsilon);
    private readonly SampleDropout dropout = new(config.Dropout);
    private readonly Tensor position_ids = arange(config.MaxPositions, dtype: int64).unsqueeze(0); // a buffer of the checkpoints

    /// <summary>The word table, <c>[V, D]</c>.</summary>
    public Parameter WordTable => word_embeddings.weight!;

    /// <summary>Ids <c>[B, N]</c> that stand at positions <paramref name="firstPosition"/> and after, to
    /// <c>[B, N, D]</c>.</summary>
    /// <exception cref="ArgumentException">The sequence is longer than the position table.</exception>
    public Tensor Embed(Tensor ids, int firstPosition = 0)
    {
        var (last, most) = (firstPosition + ids.shape[1], position_embeddings.weight!.shape[0]);
        Guard.Argument(last <= most, $"a text of {last} tokens is longer than the {most} positions of this model", nameof(ids));
        var positions = position_embeddings.weight!.slice(0, firstPosition, last, 1); // [N, D]
        return dropout.forward(LayerNorm.forward(word_embeddings.forward(ids) + positions));
    }
}
