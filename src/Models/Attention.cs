using Madtp.Kit.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Madtp.Kit.Models;

/// <summary>What an attention shows to whoever scores tokens, in the precision of its products.</summary>
/// <param name="HeadOutput">Output of each head before the projection, <c>[B, h, N, d_h]</c>.</param>
/// <param name="Keys">Keys of each head, <c>[B, h, N, d_h]</c>.</param>
public sealed record SelfAttentionRecord(Tensor HeadOutput, Tensor Keys)
{
    private Tensor? probabilities, strongest, summary;

    /// <summary>Attention of each head, query and key, <c>[B, h, N, N]</c>; computed now where the attention did without its
    /// map.</summary>
    public Tensor Probabilities
    {
        get => probabilities ??= Map!();
        init => probabilities = value;
    }

    /// <summary>Attention of the head that attends most, for each query and key, <c>[B, N, N]</c>.</summary>
    public Tensor Strongest
    {
        get => strongest ??= Probabilities.amax([1]);
        init => strongest = value;
    }

    /// <summary>Attention that the row which stands for the sequence pays, <c>[B, h, N]</c>: row 0, or that of
    /// <see cref="Reading"/>.</summary>
    public Tensor Summary
    {
        get => summary ??= (Reading ?? new AttentionReading()).Row(Probabilities);
        init => summary = value;
    }

    /// <summary>What of the map was asked for; null where nothing was.</summary>
    public AttentionReading? Reading { get; init; }

    /// <summary>Computes the map.</summary>
    internal Func<Tensor>? Map { get; init; }
}

/// <summary>What is read of an attention map.</summary>
/// <param name="SummaryRows">The row of each sample that stands for the sequence, <c>[B]</c> int64; null for row 0.</param>
public sealed record AttentionReading(Tensor? SummaryRows = null)
{
    /// <summary>Attention that those rows pay: <c>[B, h, N, N]</c> to <c>[B, h, N]</c>.</summary>
    public Tensor Row(Tensor probabilities)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        return SummaryRows is null ? probabilities.select(2, 0) : probabilities.gather(2, SummaryRows.view(-1, 1, 1, 1)
            .expand(-1, probabilities.shape[1], 1, probabilities.shape[3])).squeeze(2);
    }

    /// <summary>The reading of some of the samples.</summary>
    internal AttentionReading Of(long first, long end) => SummaryRows is null ? this : new(SummaryRows.slice(0, first, end, 1));
}

/// <summary>Scaled dot-product attention of several heads; descendants make queries, keys and values.</summary>
public abstract class MultiHeadAttention : nn.Module
{
    private readonly double scale;

    /// <summary>Takes D and the number of heads.</summary>
    /// <exception cref="ArgumentException">The width does not divide by the heads.</exception>
    protected MultiHeadAttention(string name, int width, int heads) : base(name)
    {
        if (width < heads || width % heads != 0)
        {
            throw new ArgumentException($"width {width} does not divide by {heads} heads", nameof(heads));
        }

        Heads = heads;
        scale = 1 / Math.Sqrt(width / heads); // heads that lost dimensions keep the scale that they were trained with
    }

    /// <summary>h. The width of a head follows from the weights.</summary>
    public int Heads { get; }

    /// <summary>softmax(Q Kᵀ/√d_h + bias) V, all <c>[B, h, N, d_h]</c>; the bias broadcasts to <c>[B, h, N, N]</c>.</summary>
    /// <param name="query">Q.</param>
    /// <param name="key">K.</param>
    /// <param name="value">V.</param>
    /// <param name="bias">What the scores get added; null adds nothing.</param>
    /// <param name="reading">What will be read of the map; null for nothing: then the attention runs as one operator.</param>
    protected SelfAttentionRecord Attend(Tensor query, Tensor key, Tensor value, Tensor? bias, AttentionReading? reading)
    {
        var added = bias?.As(query.dtype);
        if (reading is not null)
        {
            return Read(query, key, value, added, reading);
        }

        // On a CPU libtorch's own attention is slower in bfloat16 than the map is.
        if (query.dtype == bfloat16 && query.device.type == TorchSharp.DeviceType.CPU)
        {
            return WithMap(query, key, value, added);
        }

        var rescale = scale * Math.Sqrt(query.shape[^1]); // it scales by a head's width now
        var output = nn.functional.scaled_dot_product_attention(
            Math.Abs(rescale - 1) < 1e-6 ? query : query * rescale, key, value, added!);
        return new SelfAttentionRecord(output, key) { Map = () => Map(query, key, added) };
    }

    // The map of some samples at a time, or of some heads of one, so that it is read while it lies in the cache and a large one
    // is never whole. What records gradients keeps the map anyway, and on a GPU calls cost more.
    private SelfAttentionRecord Read(Tensor query, Tensor key, Tensor value, Tensor? bias, AttentionReading reading)
    {
        const long numbers = 1 << 22;
        var (batch, heads, maps) = (query.shape[0], query.shape[1], numbers / (query.shape[2] * key.shape[2]));
        if (is_grad_enabled() || query.is_cuda || maps >= batch * heads)
        {
            return WithMap(query, key, value, bias) with { Reading = reading };
        }

        List<Tensor> outputs = [], strongest = [], summaries = [];
        var (samples, together) = (Math.Max(1, maps / heads), Math.Clamp(maps, 1, heads));
        for (var first = 0L; first < batch; first += samples)
        {
            using var scope = NewDisposeScope();
            var end = Math.Min(batch, first + samples);
            List<Tensor> ofHeads = [], rows = [], best = [];
            for (var head = 0L; head < heads; head += together)
            {
                using var ofMaps = NewDisposeScope();
                var record = WithMap(Of(query), Of(key), Of(value), bias is null ? null : Of(bias));
                ofHeads.Add(record.HeadOutput.MoveToOuterDisposeScope());
                rows.Add(reading.Of(first, end).Row(record.Probabilities).contiguous().MoveToOuterDisposeScope());
                best.Add(record.Strongest.MoveToOuterDisposeScope());

                Tensor Of(Tensor all) => Part(Part(all, 0, batch, first, end), 1, heads, head, head + together);
            }

            outputs.Add(Joined(ofHeads).MoveToOuterDisposeScope());
            summaries.Add(Joined(rows).MoveToOuterDisposeScope());
            strongest.Add(best.Aggregate((one, other) => one.maximum(other)).MoveToOuterDisposeScope());
        }

        return new SelfAttentionRecord(cat(outputs, 0), key)
        {
            Strongest = cat(strongest, 0), Summary = cat(summaries, 0), Reading = reading, Map = () => Map(query, key, bias),
        };

        static Tensor Part(Tensor all, int dimension, long whole, long first, long end) =>
            all.ndim == 4 && all.shape[dimension] == whole ? all.slice(dimension, first, Math.Min(end, whole), 1) : all;
        static Tensor Joined(List<Tensor> ofHeads) => ofHeads.Count == 1 ? ofHeads[0] : cat(ofHeads, 1);
    }

    private SelfAttentionRecord WithMap(Tensor query, Tensor key, Tensor value, Tensor? bias)
    {
        var map = PaddedMap(query, key, bias); // [B, h, N, N or more]
        var more = map.shape[3] - value.shape[2];
        return new SelfAttentionRecord(map.MatMul(With(value, more)), key) { Probabilities = Without(map, more) };
    }

    // Rows of a large map whose ends do not lie on a border of the cache take up to twice as long, by MKL: keys without
    // attention fill them up.
    private Tensor PaddedMap(Tensor query, Tensor key, Tensor? bias)
    {
        const long border = 16, large = 300;
        var (keys, rows) = (key.shape[2], query.numel() / query.shape[3]);
        var byRows = !Recomputation.Records && !query.is_cuda && query.dtype == float32
            && rows * (keys + border) <= int.MaxValue / sizeof(float); // bytes that a span can have
        var more = byRows && keys > large ? -keys & (border - 1) : 0;
        var scores = query.TimesTransposed(With(key, more), scale); // [B, h, N, N + more]
        var biased = bias is null ? scores : Products.Add(Without(scores, more), bias); // in place, where no gradient is recorded
        return byRows ? RowWise.Softmax(scores, (int)keys) : biased.softmax(-1);
    }

    private Tensor Map(Tensor query, Tensor key, Tensor? bias)
    {
        var map = PaddedMap(query, key, bias);
        return Without(map, map.shape[3] - key.shape[2]);
    }

    private static Tensor With(Tensor rows, long more) => more == 0 ? rows : nn.functional.pad(rows, [0, 0, 0, more]);

    private static Tensor Without(Tensor map, long more) => more == 0 ? map : map.slice(3, 0, map.shape[3] - more, 1);

    /// <summary><c>[B, h, N, d_h]</c> to <c>[B, N, h·d_h]</c>.</summary>
    internal static Tensor JoinHeads(SelfAttentionRecord attention) => attention.HeadOutput.transpose(1, 2).flatten(2);
}

/// <summary>Self-attention with one fused projection to queries, keys and values (ViT, CLIP).</summary>
public abstract class FusedAttention(string name, int width, int heads) : MultiHeadAttention(name, width, heads)
{
    /// <summary>Attends from tokens to each other.</summary>
    /// <param name="tokens">Tokens, <c>[B, N, D]</c>.</param>
    /// <param name="norm">What they go through before.</param>
    /// <param name="rows">The rows that hold one.</param>
    /// <param name="bias">What scores get added; broadcasts to <c>[B, h, N, N]</c>. Null adds nothing.</param>
    /// <param name="reading">What will be read of the map; null where nothing is.</param>
    /// <returns>What is added to the tokens, <c>[B, N, D]</c>, and the record.</returns>
    internal (Tensor Output, SelfAttentionRecord Record) Attend(
        Tensor tokens, LayerNorm norm, FilledRows rows, Tensor? bias, AttentionReading? reading)
    {
        var projected = rows.Map(tokens, each => Project(norm.forward(each))); // [B, N, 3·h·d_h]
        var split = projected.view(tokens.shape[0], tokens.shape[1], 3, Heads, -1).permute(2, 0, 3, 1, 4);
        // Each [B, h, N, d_h]; the products of a map take them whole, and a GPU copies all three in one call.
        var parts = (reading is not null && split.is_cuda ? split.contiguous() : split).unbind(0);
        var record = Attend(parts[0], parts[1], parts[2], bias, reading);
        return (rows.Map(JoinHeads(record), Output), record);
    }

    /// <summary><c>[B, N, D]</c> to <c>[B, N, 3·h·d_h]</c>.</summary>
    protected abstract Tensor Project(Tensor tokens);

    /// <summary><c>[B, N, h·d_h]</c> to <c>[B, N, D]</c>.</summary>
    protected abstract Tensor Output(Tensor joined);
}

/// <summary>A block that normalises before each of its parts (ViT, CLIP): attention, then feed-forward part, a residual around
/// each. Tokens may be reduced between the two.</summary>
public abstract class PreNormBlock(string name, double dropPath = 0) : nn.Module<TokenState, TokenState>(name), IReducibleBlock
{
    public IBlockReducer? Reducer { get; set; }

    public abstract AlignmentMap? QueryModel { get; }

    /// <summary>The parts, in order.</summary>
    protected abstract (LayerNorm Norm1, FusedAttention Attention, LayerNorm Norm2, nn.Module<Tensor,
        Tensor> FeedForward) Parts { get; }

    /// <summary>What is added to the attention's scores, broadcast to <c>[B, h, N, N]</c>; null adds nothing.</summary>
    protected virtual Tensor? Bias(TokenState input) => input.AttentionBias();

    /// <summary>Runs the block: <c>[B, N, D]</c> in, <c>[B, N', D]</c> out, N' ≤ N where a reducer is attached.</summary>
    public override TokenState forward(TokenState input)
    {
        var (norm1, attention, norm2, feedForward) = Parts;
        var rows = FilledRows.Of(input);
        var (attended, record) = attention.Attend(input.X, norm1, rows, Bias(input), Reducer?.Reads(input));
        var tokens = input with { X = Products.Add(DropPath(attended), input.X) };
        tokens = Reducer?.Reduce(input, tokens, record) ?? tokens;
        rows = FilledRows.Of(tokens);
        return tokens with { X = Products.Add(
            DropPath(rows.Map(tokens.X, each => feedForward.forward(norm2.forward(each)))), tokens.X) };
    }

    // Stochastic depth: in training a sample's branch [B, N, D] is skipped with a probability and scaled up otherwise. Whatever
    // its device, lots are drawn on the processor, whose random state checkpoints hold and recomputation restores.
    private Tensor DropPath(Tensor branch)
    {
        if (!training || dropPath == 0)
        {
            return branch;
        }

        var keep = 1 - dropPath;
        var drawn = BatchPart.Draw([branch.shape[0], 1, 1], all => rand(all, dtype: branch.dtype, device: CPU)); // [B, 1, 1]
        return branch / keep * (drawn + keep).floor().to(branch.device);
    }
}
