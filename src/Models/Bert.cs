using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>Sizes of a BERT encoder as BLIP uses it (MED: multimodal mixture of encoder and decoder).</summary>
public sealed record BertConfig
{
    /// <summary>Size of the vocabulary; BLIP adds [DEC] and [ENC] to bert-base-uncased's 30,522 pieces.</summary>
    public int VocabularySize { get; init; } = 30524;

    /// <summary>D, width of a token.</summary>
    public int Width { get; init; } = 768;

    public int Layers { get; init; } = 12;

    /// <summary>Attention heads per layer.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Width of the feed-forward part.</summary>
    public int FeedForwardWidth { get; init; } = 3072;

    /// <summary>Longest sequence.</summary>
    public int MaxPositions { get; init; } = 512;

    /// <summary>Added to the variance in every LayerNorm.</summary>
    public double LayerNormEpsilon { get; init; } = 1e-12;

    /// <summary>Width of the image tokens that cross-attention reads.</summary>
    public int EncoderWidth { get; init; } = 768;

    /// <summary>Dropout on hidden states and attention in training.</summary>
    public double Dropout { get; init; }

    /// <summary>Id of the padding piece, whose embedding stays zero at initialisation.</summary>
    public int PaddingId { get; init; }

    /// <summary>First layer that merges two images by a learned layer (NLVR2); earlier ones average.</summary>
    public int FirstMergeLayer { get; init; } = 6;
}

/// <summary>BLIP's text transformer: BERT embeddings and layers that can read images. Parameter names are those of its
/// checkpoints.</summary>
public sealed class TextTransformer : nn.Module
{
    private readonly BertEmbeddings embeddings;
    private readonly BertEncoder encoder;

    /// <summary>Creates the encoder with random weights.</summary>
    /// <param name="alignment">Alignment guidance, if the model has it.</param>
    /// <param name="readsPairs">Whether its layers read a pair of images (NLVR2) rather than one (MED).</param>
    public TextTransformer(BertConfig config, AlignmentConfig? alignment = null, bool readsPairs = false)
        : base(nameof(TextTransformer))
    {
        Config = config;
        var maps = AlignmentMap.ForLayers(alignment, config.Width, config.Layers);
        embeddings = new BertEmbeddings(config);
        encoder = new BertEncoder(maps.Select((map, layer) => new BertLayer(config, Cross(layer), map)), config.Dropout);
        RegisterComponents();
        InitializeAsBert(this);

        CrossAttention Cross(int layer) => readsPairs
            ? new PairCrossAttention(config, merges: layer >= config.FirstMergeLayer) : new SingleCrossAttention(config);
    }

    public BertConfig Config { get; }

    /// <summary>The layers in order.</summary>
    public IReadOnlyList<BertLayer> Layers => encoder.Layers;

    /// <summary>The word table, <c>[V, D]</c>, which a language-model head shares.</summary>
    public Parameter WordTable => embeddings.WordTable;

    /// <summary>Computes the keys and values that every layer needs of an image, so that many passes can share them.
    /// Exact.</summary>
    /// <exception cref="InvalidOperationException">This is the text encoder of NLVR2, which reads pairs.</exception>
    public ImageContext Project(ImageContext image) =>
        image with { PerLayer = [.. Layers.Select(layer => layer.Project(image.Tokens))] };

    /// <summary>Encodes a text.</summary>
    /// <param name="ids">Token ids, <c>[B, N]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, N]</c>.</param>
    /// <param name="images">Images to read; empty encodes the text alone.</param>
    /// <returns>Hidden states of the last layer, <c>[B, N', D]</c>.</returns>
    public TokenState Forward(Tensor ids, Tensor mask, IReadOnlyList<ImageContext> images)
    {
        var hidden = embeddings.Embed(ids); // [B, N, D]
        return encoder.Forward(new TokenState(hidden) { Mask = mask.to(hidden.dtype) }, images);
    }

    /// <summary>Runs the layers as a decoder: every token reads itself, earlier tokens, and the image. Tokens are never
    /// reduced.</summary>
    /// <param name="ids">New tokens, <c>[B, n]</c> int64.</param>
    /// <param name="mask">1 for tokens, 0 for padding, <c>[B, n]</c>; null when all are real, as they must be where a cache goes
    /// on.</param>
    /// <param name="image">What is read: one a text, or one for each run of B / b texts.</param>
    /// <param name="cache">What earlier steps computed; gets the new tokens added. Null where all tokens are new.</param>
    /// <returns>Hidden states of the last layer, <c>[B, n, D]</c>.</returns>
    /// <exception cref="ArgumentException">A mask was given beside a cache that goes on, or the text is too long.</exception>
    public Tensor Decode(Tensor ids, Tensor? mask, ImageContext image, DecoderCache? cache)
    {
        var before = cache?.Length ?? 0;
        Guard.Argument(mask is null || before <= 0,
            $"a mask covers whole texts; where a cache goes on with new tokens none of them is padding", nameof(mask));

        var hidden = embeddings.Embed(ids, before); // [B, n, D]
        return encoder.Decode(hidden, DecoderBias(ids.shape[1], before + ids.shape[1], mask, hidden), image, cache);
    }

    /// <summary>BERT's initialisation of every linear layer and embedding below a module: weights of deviation 0.02, zero
    /// biases.</summary>
    internal static void InitializeAsBert(nn.Module module)
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
}

/// <summary>Word plus position embeddings, normalised. BLIP's BERT has no token types.</summary>
public sealed class BertEmbeddings : nn.Module
{
    private readonly Embedding word_embeddings;
    private readonly Embedding position_embeddings;
    private readonly LayerNorm LayerNorm;
    private readonly SampleDropout dropout;
    private readonly Tensor position_ids;

    public BertEmbeddings(BertConfig config) : base(nameof(BertEmbeddings))
    {
        word_embeddings = nn.Embedding(config.VocabularySize, config.Width, padding_idx: config.PaddingId);
        position_embeddings = nn.Embedding(config.MaxPositions, config.Width);
        LayerNorm = nn.LayerNorm(config.Width, eps: config.LayerNormEpsilon);
        dropout = new SampleDropout(config.Dropout);
        position_ids = arange(config.MaxPositions, dtype: int64).unsqueeze(0);
        register_buffer("position_ids", position_ids);
        RegisterComponents();
    }

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

/// <summary>The stack of BERT layers (<c>encoder</c> in the checkpoints).</summary>
public sealed class BertEncoder : nn.Module, IRecomputing
{
    private readonly ModuleList<BertLayer> layer;
    private readonly bool drops;

    /// <summary>Creates the stack from its layers and their dropout in training.</summary>
    public BertEncoder(IEnumerable<BertLayer> layers, double dropout = 0) : base(nameof(BertEncoder))
    {
        drops = dropout > 0;
        layer = new ModuleList<BertLayer>([.. layers]);
        RegisterComponents();
    }

    public bool Recomputes { get; set; }

    /// <summary>The layers in order.</summary>
    public IReadOnlyList<BertLayer> Layers => [.. layer];

    /// <summary>Runs all layers on <c>[B, N, D]</c>.</summary>
    public TokenState Forward(TokenState tokens, IReadOnlyList<ImageContext> images)
    {
        var index = 0;
        images = [.. images.Select(image => image with { Bias = image.AttentionBias() })]; // one for all layers
        return BlockStack.Run(layer, tokens, (one, state) => Run(one, state, At(images, index++)));
    }

    /// <summary>Runs all layers as a decoder on new tokens <c>[B, n, D]</c>; the bias on their scores is <c>[B, 1, n, N]</c> or
    /// null.</summary>
    public Tensor Decode(Tensor tokens, Tensor? bias, ImageContext image, DecoderCache? cache)
    {
        for (var index = 0; index < layer.Count; index++)
        {
            using var scope = NewDisposeScope();
            tokens = layer[index].Decode(tokens, bias, image.At(index), cache, index).MoveToOuterDisposeScope();
        }

        return tokens;
    }

    private TokenState Run(BertLayer one, TokenState state, IReadOnlyList<ImageContext> images)
    {
        var random = training && drops;
        return Recomputes && images.All(image => image.KeyValue is null)
            ? Recomputation.Run(Forward, state, images, random)
            : Forward(state, images);

        // A GPU drops by a seed of the processor's, which is the same again where a layer is run again.
        TokenState Forward(TokenState tokens, IReadOnlyList<ImageContext> seen)
        {
            if (random)
            {
                RandomState.SeedGpuOf(tokens.X.device);
            }

            return one.Forward(tokens, seen);
        }
    }

    // Each layer reads the images under a name of its own, so that its gradients are summed before they join those of other
    // layers, with recomputation or without: floating-point sums depend on their order.
    private static IReadOnlyList<ImageContext> At(IReadOnlyList<ImageContext> images, int index) =>
        [.. images.Select(image => (is_grad_enabled() ? image with { Tokens = image.Tokens.alias() } : image).At(index))];
}
