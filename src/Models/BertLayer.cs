using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>One BERT layer: self-attention, cross-attention where there are images, feed-forward. Tokens may be reduced after the
/// self-attention's LayerNorm, before cross-attention.</summary>
public sealed class BertLayer(BertConfig config, CrossAttention cross, AlignmentMap? queryModel = null) : Part, IReducibleBlock
{
    private readonly BertSelfAttention attention = new(config);
    private readonly CrossAttention crossattention = cross;
    private readonly Sequential intermediate = nn.Sequential(("dense", nn.Linear(config.Width, config.FeedForwardWidth)));
    private readonly BertOutput output = new(config, config.FeedForwardWidth);
    private readonly AlignmentMap? query_model = queryModel;

    public IBlockReducer? Reducer { get; set; }
    public AlignmentMap? QueryModel => query_model;

    /// <inheritdoc cref="CrossAttention.Project"/>
    public KeyValue Project(Tensor imageTokens) => crossattention.Project(imageTokens);

    /// <summary>Runs the layer on text tokens <c>[B, N, D]</c>, which read the images; none runs the text-only layer.</summary>
    public TokenState Forward(TokenState input, IReadOnlyList<ImageContext> images)
    {
        var (attended, record) = attention.Attend(input.X, input.AttentionBias(), Reducer?.Reads(input));
        var tokens = input with { X = attended };
        tokens = Reducer?.Reduce(input, tokens, record) ?? tokens;
        return tokens with { X = Read(tokens.X, images) };
    }

    /// <summary>Runs the layer as one of a decoder: causal, never reduced. New tokens <c>[B, n, D]</c> to
    /// <c>[B, n, D]</c>.</summary>
    internal Tensor Decode(Tensor tokens, Tensor? bias, ImageContext image, CachedDecoder? cache, int index) =>
        Read(attention.Attend(tokens, bias, reading: null, cache, index).Output, [image]);

    private Tensor Read(Tensor tokens, IReadOnlyList<ImageContext> images)
    {
        var read = images.Count == 0 ? tokens : crossattention.Attend(tokens, images);
        return output.forward(Products.LinearGelu((Linear)intermediate[0], read), read);
    }
}

/// <summary>Self-attention of a BERT layer with its residual and LayerNorm (<c>attention</c> in the checkpoints).</summary>
public sealed class BertSelfAttention(BertConfig config) : Part
{
    private readonly BertAttention self = new(config, config.Width);
    private readonly BertOutput output = new(config, config.Width);

    /// <summary>Attends from <c>[B, N, D]</c> to the same tokens, and to earlier ones whose keys and values
    /// <paramref name="cache"/> may hold.</summary>
    /// <param name="layer">The layer's number in the cache.</param>
    public (Tensor Output, SelfAttentionRecord Record) Attend(
        Tensor tokens, Tensor? bias, AttentionReading? reading, CachedDecoder? cache = null, int layer = 0)
    {
        var newest = self.Project(tokens);
        var record = self.Attend(tokens, cache?.Append(layer, newest) ?? newest, bias, reading);
        return (output.forward(MultiHeadAttention.JoinHeads(record), tokens), record);
    }
}

/// <summary>Queries, keys and values of one BERT attention (<c>self</c> in its checkpoints), for self- or
/// cross-attention.</summary>
/// <param name="keyWidth">Width of the tokens that keys and values are made of: D, or the image encoder's width.</param>
public sealed class BertAttention(BertConfig config, int keyWidth) : MultiHeadAttention(config.Width, config.Heads)
{
    private readonly Linear query = nn.Linear(config.Width, config.Width);
    private readonly Linear key = nn.Linear(keyWidth, config.Width);
    private readonly Linear value = nn.Linear(keyWidth, config.Width);

    /// <summary>Keys and values <c>[B, h, S, d_h]</c> of tokens <c>[B, S, keyWidth]</c>; computed once where they serve many
    /// queries.</summary>
    public KeyValue Project(Tensor tokens) => new(PerHead(key, tokens), PerHead(value, tokens));

    /// <summary>Attends from tokens <c>[B, N, D]</c> to projected keys and values; the bias broadcasts to
    /// <c>[B, h, N, S]</c>.</summary>
    public SelfAttentionRecord Attend(Tensor tokens, KeyValue keyValue, Tensor? bias, AttentionReading? reading = null) =>
        Attend(PerHead(query, tokens), keyValue.Key, keyValue.Value, bias, reading);

    private Tensor PerHead(Linear projection, Tensor tokens) =>
        Products.Linear(projection, tokens).view(tokens.shape[0], tokens.shape[1], Heads, -1).transpose(1, 2); // [B, h, N, d_h]
}

/// <summary>Projection, residual and LayerNorm after an attention or a feed-forward part (<c>output</c> in the
/// checkpoints).</summary>
public sealed class BertOutput(BertConfig config, int inputWidth) : Part
{
    private readonly Linear dense = nn.Linear(inputWidth, config.Width);
    private readonly LayerNorm LayerNorm = nn.LayerNorm(config.Width, eps: config.LayerNormEpsilon);
    private readonly SampleDropout dropout = new(config.Dropout);

    /// <summary>LayerNorm(dense(branch) + residual): <c>[B, N, inputWidth]</c> and <c>[B, N, D]</c> to
    /// <c>[B, N, D]</c>.</summary>
    public Tensor forward(Tensor branch, Tensor residual) =>
        LayerNorm.forward(Products.Add(dropout.forward(Products.Linear(dense, branch)), residual));
}
